import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatBytes, formatChange, formatDuration } from '../text/format';
import type { ICell, IRunningCell } from '../wire/protocol';
import { describeCell } from './details';

/**
 * The row of one cell.
 */
export function CellRow(props: CellRow.IProps): React.JSX.Element {
  const { cell, elapsedS, outcome, highestBytes, onOpen, trans } = props;
  const { cellId, executionCount, firstLine } = cell;
  const error = outcome?.error ?? null;
  const aboveBytes = Math.max(0, cell.peakBytes - cell.beforeBytes);
  const details = outcome ? describeCell(outcome, trans) : [];
  const count = executionCount === null ? ' ' : String(executionCount);
  const name = (
    <>
      <span className="jp-Memkit-count">[{count}]</span>
      <code>{firstLine}</code>
    </>
  );
  return (
    <tr
      role="row"
      className={rowClass(outcome)}
      data-state={
        outcome === null ? 'running' : error === null ? 'done' : 'failed'
      }
      data-execution-count={executionCount ?? undefined}
      data-cell-id={cellId ?? undefined}
      data-peak-bytes={aboveBytes}
    >
      <td role="cell" className="jp-Memkit-cell" title={firstLine}>
        {cellId === null ? (
          <span className="jp-Memkit-name">{name}</span>
        ) : (
          <button
            type="button"
            className="jp-Memkit-name"
            aria-label={trans.__('Go to cell %1: %2', count, firstLine)}
            onClick={() => {
              onOpen(cellId);
            }}
          >
            {name}
          </button>
        )}
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
        <span
          className="jp-Memkit-bar"
          style={{ width: `${String((aboveBytes / highestBytes) * 100)}%` }}
        />
      </td>
      <td role="cell" className="jp-Memkit-number">
        <span className="jp-Memkit-columnName">{trans.__('Peak')}</span>
        {formatChange(aboveBytes)}
        {!cell.exact && (
          <span
            className="jp-Memkit-sampled"
            title={trans.__('Highest sample; the actual peak may be higher')}
          >
            {trans.__('sampled')}
          </span>
        )}
      </td>
      <td
        role="cell"
        className="jp-Memkit-number"
        title={
          outcome
            ? trans.__('%1 at the end', formatBytes(outcome.afterBytes))
            : undefined
        }
      >
        {outcome && (
          <>
            <span className="jp-Memkit-columnName">{trans.__('Kept')}</span>
            {formatChange(outcome.afterBytes - outcome.beforeBytes)}
          </>
        )}
      </td>
      <td role="cell" className="jp-Memkit-number">
        {formatDuration(elapsedS)}
      </td>
    </tr>
  );
}

export namespace CellRow {
  export interface IProps {
    cell: IRunningCell;
    elapsedS: number;
    /** The record of the finished cell, `null` while it runs. */
    outcome: ICell | null;
    /** The highest peak of all rows, for the bars. */
    highestBytes: number;
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
  }
}

function rowClass(outcome: ICell | null): string {
  if (outcome === null) {
    return 'jp-mod-running';
  }
  return outcome.error === null ? '' : 'jp-mod-failed';
}
