import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { findCollectorCure } from '../text/collector';
import { formatClock } from '../text/format';
import type { ICollectorPause } from '../wire/protocol';

// After this, a pause may have been forgotten.
const MANY_CELLS = 20;

/**
 * A chip that shows that Python's garbage collector is paused.
 */
export function CollectorChip(props: CollectorChip.IProps): React.JSX.Element {
  const { pause, cells, onResume, trans } = props;
  const isLong = cells >= MANY_CELLS;
  const label = pause.enabled
    ? trans.__('GC thresholds raised')
    : isLong
      ? trans._n('GC paused, %1 cell', 'GC paused, %1 cells', cells)
      : trans.__('GC paused');
  const cure = findCollectorCure(pause);
  const details = describe(pause, cure, trans);
  return (
    <span
      className={`jp-Memkit-chip${isLong ? ' jp-mod-warning' : ''}`}
      title={details}
      aria-label={trans.__('%1: %2', label, details)}
      role="status"
      data-testid="memkit-collector"
      data-by={pause.by}
      data-cells={cells}
    >
      {label}
      {cure !== undefined && (
        <button
          type="button"
          title={trans.__('Run %1 after the running cell', cure)}
          onClick={onResume}
        >
          {trans.__('Resume')}
        </button>
      )}
    </span>
  );
}

export namespace CollectorChip {
  export interface IProps {
    pause: ICollectorPause;
    /** The number of cells that have started since. */
    cells: number;
    onResume: () => void;
    trans: TranslationBundle;
  }
}

function describe(
  pause: ICollectorPause,
  cure: string | undefined,
  trans: TranslationBundle
): string {
  const what = pause.enabled
    ? trans.__("The thresholds of Python's garbage collector are raised")
    : trans.__("Python's garbage collector is paused");
  const since =
    pause.sinceS === null
      ? trans.__('%1 by %2', what, pause.by)
      : trans.__(
          '%1 by %2 since %3',
          what,
          pause.by,
          formatClock(pause.sinceS)
        );
  return cure === undefined
    ? since
    : trans.__('%1; %2 resumes it', since, cure);
}
