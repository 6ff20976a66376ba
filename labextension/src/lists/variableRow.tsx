import type { TranslationBundle } from '@jupyterlab/translation';
import { ellipsesIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { formatBytes, formatChange } from '../text/format';
import { describeVariable, formatSize } from '../text/inspection';
import { isolate } from '../text/names';
import type { IListedVariable } from '../wire/protocol';
import { Parts } from './parts';

// A smaller change is mostly one of the estimate.
const GROWTH_MIN_BYTES = 64 * 1024;

/**
 * The row of a variable.
 */
export const VariableRow = React.memo(function VariableRow(
  props: VariableRow.IProps
): React.JSX.Element {
  const { variable, growthBytes, processBytes, isExpanded, trans } = props;
  const { name, bytes, split, actions } = variable;
  const share = processBytes > 0 ? Math.min(1, bytes / processBytes) : 0;
  return (
    <tr role="row" data-variable={name} data-bytes={bytes}>
      <td role="cell" className="jp-Memkit-cell">
        <span className="jp-Memkit-name">
          <code title={name}>{name}</code>
        </span>
        <span className="jp-Memkit-detail">
          {describeVariable(variable, trans).join(' · ')}
        </span>
        {split.length > 0 && (
          <Parts
            label={trans.__('What %1 consists of', name)}
            parts={split}
            isExpanded={isExpanded}
            onToggle={() => {
              props.onToggle(name);
            }}
          />
        )}
        <span
          className="jp-Memkit-bar"
          style={{ width: `${String(share * 100)}%` }}
        />
      </td>
      <td role="cell" className="jp-Memkit-number">
        {growthBytes === null
          ? trans.__('new')
          : Math.abs(growthBytes) >= GROWTH_MIN_BYTES &&
            formatChange(growthBytes)}
      </td>
      <td
        role="cell"
        className="jp-Memkit-number"
        title={trans.__('%1% of the process', (share * 100).toFixed(1))}
      >
        {formatSize(variable, trans)}
      </td>
      <td role="cell">
        {actions.length > 0 && (
          <button
            type="button"
            className="jp-Memkit-menuButton"
            aria-haspopup="menu"
            aria-disabled={props.isOutdated}
            aria-label={trans.__('Actions on %1', name)}
            title={trans.__(
              'Delete, shrink, move to disk or find what holds %1 (%2)',
              isolate(name),
              formatBytes(bytes)
            )}
            onClick={event => {
              if (!props.isOutdated) {
                props.onMenu(variable, event.currentTarget);
              }
            }}
          >
            <ellipsesIcon.react tag="span" />
          </button>
        )}
      </td>
    </tr>
  );
});

export namespace VariableRow {
  export interface IProps {
    variable: IListedVariable;
    /** Since the list before the last cells; `null` for a new variable. */
    growthBytes: number | null;
    /** The memory of the process. */
    processBytes: number;
    isExpanded: boolean;
    /** Whether a new list is about to come, because something was done to one. */
    isOutdated: boolean;
    /** Show or hide what the variable consists of. */
    onToggle: (name: string) => void;
    /** Offer the actions in a menu at the button. */
    onMenu: (variable: IListedVariable, button: HTMLElement) => void;
    trans: TranslationBundle;
  }
}
