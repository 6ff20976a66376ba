import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatBytes } from '../text/format';
import { describeLibrary } from '../text/libraries';
import type { IListedLibrary } from '../wire/protocol';

/**
 * The row of a library.
 */
export const LibraryRow = React.memo(function LibraryRow(
  props: LibraryRow.IProps
): React.JSX.Element {
  const { library, isBusy, isOutdated, isExpanded, trans } = props;
  const { name, bytes, reason } = library;
  return (
    <tr role="row" data-library={name} data-bytes={bytes}>
      <td role="cell" className="jp-Memkit-cell">
        <span className="jp-Memkit-name">
          <code title={name}>{name}</code>
        </span>
        <span className="jp-Memkit-detail">
          {describeLibrary(library, trans).join(' · ')}
        </span>
        {reason !== null && (
          <button
            type="button"
            className="jp-Memkit-partsButton"
            aria-expanded={isExpanded}
            aria-label={trans.__('Why %1 cannot be unloaded', name)}
            onClick={() => {
              props.onToggle(name);
            }}
          >
            {trans.__('cannot be unloaded')}
          </button>
        )}
        {reason !== null && isExpanded && (
          <p className="jp-Memkit-reason">{reason}</p>
        )}
      </td>
      <td role="cell" className="jp-Memkit-number">
        {`≥ ${formatBytes(bytes)}`}
      </td>
      <td role="cell">
        {reason === null && (
          <button
            type="button"
            className="jp-mod-styled"
            aria-disabled={isOutdated}
            aria-label={
              isBusy
                ? trans.__('Unload %1 after this cell', name)
                : trans.__('Unload %1', name)
            }
            title={
              isBusy
                ? trans.__('Unload it with its submodules, after this cell')
                : trans.__('Unload it with its submodules')
            }
            onClick={() => {
              if (!isOutdated) {
                props.onUnload(library);
              }
            }}
          >
            {trans.__('Unload')}
          </button>
        )}
      </td>
    </tr>
  );
});

export namespace LibraryRow {
  export interface IProps {
    library: IListedLibrary;
    /** Whether a cell is running, for which an action waits. */
    isBusy: boolean;
    /** Whether a new list is about to come, so that nothing is unloaded. */
    isOutdated: boolean;
    isExpanded: boolean;
    /** Show or hide why the library cannot be unloaded. */
    onToggle: (name: string) => void;
    onUnload: (library: IListedLibrary) => void;
    trans: TranslationBundle;
  }
}
