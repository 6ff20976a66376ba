import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { keptOf, riseOf } from '../model/ledger';
import { formatBytes, formatChange, formatDuration } from '../text/format';
import type { ICell, IRunningCell } from '../wire/protocol';
import { describeCell } from './details';
import type { IShownClock } from './elapsed';
import { Elapsed } from './elapsed';
import { CellName } from './name';

/**
 * The row of a cell that has ended.
 */
export const EndedRow = React.memo(function EndedRow(
  props: EndedRow.IProps
): React.JSX.Element {
  const { cell, trans } = props;
  const { error } = cell;
  const details = describeCell(cell, trans);
  return (
    <Row
      {...props}
      state={error === null ? 'done' : 'failed'}
      remarks={
        <>
          {error !== null && (
            <span
              className="jp-Memkit-error"
              title={trans.__('Ended with %1', error)}
            >
              {error}
            </span>
          )}
          {details.length > 0 && (
            <span className="jp-Memkit-detail">{details.join(' · ')}</span>
          )}
        </>
      }
      kept={
        <span title={trans.__('%1 at the end', formatBytes(cell.afterBytes))}>
          <span className="jp-Memkit-columnName">{trans.__('Kept')}</span>
          {formatChange(keptOf(cell))}
        </span>
      }
      time={formatDuration(cell.durationS)}
    />
  );
});

export namespace EndedRow {
  export interface IProps extends Row.IShared {
    cell: ICell;
  }
}

/**
 * The row of the running cell.
 */
export const RunningRow = React.memo(function RunningRow(
  props: RunningRow.IProps
): React.JSX.Element {
  const { cell, clock } = props;
  return (
    <Row
      {...props}
      state="running"
      remarks={null}
      kept={null}
      time={<Elapsed startedS={cell.startedS} clock={clock} />}
    />
  );
});

export namespace RunningRow {
  export interface IProps extends Row.IShared {
    cell: IRunningCell;
    clock: IShownClock;
  }
}

function Row(props: Row.IProps): React.JSX.Element {
  const { cell, state, remarks, kept, time, scaleBytes, onOpen, trans } = props;
  const riseBytes = riseOf(cell);
  return (
    <tr
      role="row"
      className={state === 'done' ? undefined : `jp-mod-${state}`}
      data-state={state}
      data-execution-count={cell.executionCount ?? undefined}
      data-cell-id={cell.cellId ?? undefined}
      data-peak-bytes={riseBytes}
    >
      <td role="cell" className="jp-Memkit-cell" title={cell.firstLine}>
        <CellName cell={cell} onOpen={onOpen} trans={trans} />
        {remarks}
        <span
          className="jp-Memkit-bar"
          style={{ width: `${String((riseBytes / scaleBytes) * 100)}%` }}
        />
      </td>
      <td role="cell" className="jp-Memkit-number jp-Memkit-rise">
        <span className="jp-Memkit-columnName">{trans.__('Rise')}</span>
        {formatChange(riseBytes)}
        {!cell.exact && (
          <span
            className="jp-Memkit-sampled"
            title={trans.__(
              'The highest sample; the actual rise may be higher'
            )}
          >
            {trans.__('sampled')}
          </span>
        )}
      </td>
      <td role="cell" className="jp-Memkit-number jp-Memkit-kept">
        {kept}
      </td>
      <td role="cell" className="jp-Memkit-number jp-Memkit-time">
        {time}
      </td>
    </tr>
  );
}

namespace Row {
  export interface IShared {
    /** The rise of a bar over the full width. */
    scaleBytes: number;
    /** Show a cell in its notebook. */
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
  }

  export interface IProps extends IShared {
    cell: IRunningCell;
    state: 'running' | 'done' | 'failed';
    remarks: React.ReactNode;
    kept: React.ReactNode;
    time: React.ReactNode;
  }
}
