import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IEarlierProcess } from '../model/ledger';
import { riseOf } from '../model/ledger';
import { formatCount, formatMoment } from '../text/format';
import type { ICell, IRunningCell } from '../wire/protocol';
import type { IShownClock } from './elapsed';
import { Header } from './header';
import type { IOrder, OrderKey } from './order';
import { sortCells } from './order';
import { EndedRow, RunningRow } from './row';

// The bars of smaller rises stay short.
const SCALE_MIN_BYTES = 1024 * 1024;

/**
 * The running cell and the last ones, those of each process apart.
 */
export const Cells = React.memo(function Cells(
  props: Cells.IProps
): React.JSX.Element | null {
  const { isKernelKnown, cells, running, earlier, ended, clock, ...table } =
    props;
  const { order, onSort, ...row } = table;
  const { trans } = row;
  if (cells.length === 0 && !running && earlier.length === 0) {
    return isKernelKnown ? (
      <p className="jp-Memkit-empty">
        {trans.__('Cells are listed here when they run.')}
      </p>
    ) : null;
  }
  const scaleBytes = scaleOf(running ? [...cells, running] : cells);
  return (
    <table
      className="jp-Memkit-table"
      role="table"
      aria-label={trans.__('Cells')}
      data-testid="memkit-cells"
    >
      {ended > cells.length && (
        <caption>
          {trans.__(
            '%1 of %2 cells',
            formatCount(cells.length),
            formatCount(ended)
          )}
        </caption>
      )}
      <Header columns={columnsOf(trans)} order={order} onSort={onSort} />
      <tbody role="rowgroup">
        {running && (
          <RunningRow
            {...row}
            cell={running}
            clock={clock}
            scaleBytes={scaleBytes}
          />
        )}
        <EndedRows
          {...row}
          cells={cells}
          order={order}
          scaleBytes={scaleBytes}
        />
      </tbody>
      {[...earlier].reverse().map(process => (
        <tbody key={process.endedS} role="rowgroup">
          <tr role="row" className="jp-Memkit-ended">
            <th role="rowheader" scope="rowgroup" colSpan={4}>
              {trans.__(
                'Before the kernel ended at %1',
                formatMoment(process.endedS)
              )}
            </th>
          </tr>
          <EndedRows
            {...row}
            cells={process.cells}
            order={order}
            scaleBytes={scaleOf(process.cells)}
          />
        </tbody>
      ))}
    </table>
  );
});

export namespace Cells {
  export interface IProps extends Omit<EndedRow.IProps, 'cell' | 'scaleBytes'> {
    /** Whether there is a kernel with the extension, which reports its cells. */
    isKernelKnown: boolean;
    /** The cells that have ended, oldest first. */
    cells: readonly ICell[];
    running: IRunningCell | null;
    /** The earlier processes of the kernel, oldest first. */
    earlier: readonly IEarlierProcess[];
    /** The number of cells that have ended since the kernel started. */
    ended: number;
    clock: IShownClock;
    order: IOrder;
    onSort: (key: OrderKey) => void;
  }
}

const EndedRows = React.memo(function EndedRows(
  props: EndedRows.IProps
): React.JSX.Element {
  const { cells, order, ...row } = props;
  return (
    <>
      {sortCells(cells, order).map(cell => (
        <EndedRow key={cell.startedS} {...row} cell={cell} />
      ))}
    </>
  );
});

namespace EndedRows {
  export interface IProps {
    cells: readonly ICell[];
    order: IOrder;
    scaleBytes: number;
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
  }
}

function columnsOf(
  trans: TranslationBundle
): readonly Header.IColumn<OrderKey>[] {
  return [
    {
      key: 'time',
      label: trans.__('Cell'),
      title: trans.__('Sort by time of the run')
    },
    {
      key: 'rise',
      label: trans.__('Rise'),
      title: trans.__('Sort by highest memory above the start of the cell')
    },
    {
      key: 'kept',
      label: trans.__('Kept'),
      title: trans.__('Sort by memory at the end minus the memory at the start')
    },
    {
      key: 'duration',
      label: trans.__('Time'),
      title: trans.__('Sort by duration')
    }
  ];
}

/**
 * The power of two that no rise exceeds: while a cell grows, a scale that follows it
 * would render all rows again and again.
 */
function scaleOf(cells: readonly IRunningCell[]): number {
  const highestBytes = Math.max(SCALE_MIN_BYTES, ...cells.map(riseOf));
  return 2 ** Math.ceil(Math.log2(highestBytes));
}
