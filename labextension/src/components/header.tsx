import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatDuration } from '../format';
import type { ICollectorPause } from '../records';
import { CollectorChip } from './collector';

/**
 * What is shown, whether it is busy, and whether its garbage collector is
 * paused.
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
    /** Whether a cell is running, `null` if unknown. */
    isBusy: boolean | null;
    /** How long the cell has been running, `null` if unknown. */
    elapsedS: number | null;
    /** The pause of the garbage collector, `null` while it runs normally. */
    pause: ICollectorPause | null;
    /** The number of cells that have started during it. */
    pausedCells: number;
    trans: TranslationBundle;
  }
}
