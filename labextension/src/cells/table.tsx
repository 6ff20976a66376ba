import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ICell, IRunningCell } from '../wire/protocol';
import { CellRow } from './row';

/**
 * The running cell and the last ones, the latest first.
 */
export function Cells(props: Cells.IProps): React.JSX.Element | null {
  const { cells, running, nowS, onOpen, trans } = props;
  if (cells.length === 0 && !running) {
    return null;
  }
  const latest = [...cells].reverse();
  const highestBytes = Math.max(
    1,
    ...[...cells, ...(running ? [running] : [])].map(
      cell => cell.peakBytes - cell.beforeBytes
    )
  );
  return (
    <section className="jp-Memkit-section" aria-label={trans.__('Cells')}>
      <div className="jp-Memkit-sectionHeader">
        <h3>{trans.__('Cells')}</h3>
      </div>
      <table
        className="jp-Memkit-cells"
        role="table"
        data-testid="memkit-cells"
      >
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">
              {trans.__('Cell')}
            </th>
            <th
              role="columnheader"
              scope="col"
              title={trans.__('Highest memory above the start of the cell')}
            >
              {trans.__('Peak')}
            </th>
            <th
              role="columnheader"
              scope="col"
              title={trans.__('Memory at the end minus memory at the start')}
            >
              {trans.__('Kept')}
            </th>
            <th role="columnheader" scope="col">
              {trans.__('Time')}
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {running && (
            <CellRow
              key={running.startedS}
              cell={running}
              elapsedS={Math.max(0, nowS - running.startedS)}
              outcome={null}
              highestBytes={highestBytes}
              onOpen={onOpen}
              trans={trans}
            />
          )}
          {latest.map(cell => (
            <CellRow
              key={cell.startedS}
              cell={cell}
              elapsedS={cell.durationS}
              outcome={cell}
              highestBytes={highestBytes}
              onOpen={onOpen}
              trans={trans}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

export namespace Cells {
  export interface IProps {
    /** Oldest first. */
    cells: readonly ICell[];
    running: IRunningCell | null;
    nowS: number;
    /** Show a cell in its notebook. */
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
  }
}
