import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatDuration } from '../format';
import type { ICollectorPause } from '../records';
import { CollectorChip } from './collector';

/**
 * What is shown, whether it computes, and whether its collector is paused.
 */
export function Header(props: Header.IProps): React.JSX.Element {
  const { name, isBusy, elapsedS, pause, pausedCells, trans } = props;
  return (
    <header className="jp-Memkit-header">
      <h2 title={name}>{name || trans.__('Memory')}</h2>
      {pause && (
        <CollectorChip pause={pause} cells={pausedCells} trans={trans} />
      )}
      {isBusy !== null && (
        <span
          className={`jp-Memkit-state${isBusy ? ' jp-mod-busy' : ''}`}
          data-testid={isBusy ? 'memkit-running' : 'memkit-idle'}
        >
          {isBusy ? trans.__('Running') : trans.__('Idle')}
          {elapsedS !== null && (
            <span className="jp-Memkit-elapsed">
              {formatDuration(elapsedS)}
            </span>
          )}
        </span>
      )}
    </header>
  );
}

export namespace Header {
  export interface IProps {
    name: string;
    /** Whether a cell runs, `null` when nobody knows. */
    isBusy: boolean | null;
    /** How long the cell has been running, `null` when that is not known. */
    elapsedS: number | null;
    /** The pause of the collector, `null` while that runs. */
    pause: ICollectorPause | null;
    /** How many cells have begun in it. */
    pausedCells: number;
    trans: TranslationBundle;
  }
}
