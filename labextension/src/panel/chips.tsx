import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ICell, IGuardStatus, IPresent } from '../wire/protocol';
import type { PanelAction } from './actions';
import { CollectorChip } from './collector';

/**
 * The states that a user may have forgotten, each with what ends it.
 */
export function Chips(props: Chips.IProps): React.JSX.Element {
  const { present, cells, onAction, trans } = props;
  const { collectorPause, guard } = present;
  return (
    <div className="jp-Memkit-chips">
      {collectorPause && (
        <CollectorChip
          pause={collectorPause}
          cells={cellsSince(cells, collectorPause.sinceS)}
          onResume={() => {
            onAction('resume-collector');
          }}
          trans={trans}
        />
      )}
      <GuardChip guard={guard} onAction={onAction} trans={trans} />
    </div>
  );
}

export namespace Chips {
  export interface IProps {
    present: IPresent;
    cells: readonly ICell[];
    onAction: (action: PanelAction) => void;
    trans: TranslationBundle;
  }
}

function GuardChip(
  props: Pick<Chips.IProps, 'onAction' | 'trans'> & {
    guard: IGuardStatus | null;
  }
): React.JSX.Element {
  const { guard, onAction, trans } = props;
  const details =
    guard === null
      ? trans.__('A cell that needs too much memory would end the kernel.')
      : guard.action === 'stop'
        ? trans.__('A cell that reaches %1 is stopped.', guard.mark)
        : trans.__('A cell that reaches %1 gets a warning.', guard.mark);
  return (
    <span
      className="jp-Memkit-chip"
      title={details}
      data-testid="memkit-guard"
      data-armed={guard !== null}
    >
      {guard === null
        ? trans.__('No guard')
        : trans.__('Guard: %1', guard.mark)}
      <button
        type="button"
        title={
          guard === null
            ? trans.__('Run %1 after the running cell', '%memguard auto')
            : trans.__('Run %1 after the running cell', '%memguard off')
        }
        onClick={() => {
          onAction(guard === null ? 'arm-guard' : 'disarm-guard');
        }}
      >
        {guard === null ? trans.__('Arm') : trans.__('Disarm')}
      </button>
    </span>
  );
}

/**
 * The number of finished cells that started after a time, 0 if it is unknown.
 */
function cellsSince(cells: readonly ICell[], sinceS: number | null): number {
  return cells.filter(cell => sinceS !== null && cell.startedS > sinceS).length;
}
