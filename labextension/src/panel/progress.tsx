import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import {
  formatBytes,
  formatCount,
  formatDuration,
  formatRough
} from '../text/format';
import type { IActivity } from '../wire/protocol';

/**
 * The progress of running work: a bar, the speed, the time left, and the memory
 * that a chunk takes.
 */
export function Progress(props: Progress.IProps): React.JSX.Element {
  const { activity, isStale, nowS, onStop, trans } = props;
  const { label, unit, done, chunks, perS } = activity;
  const total = totalOf(activity);
  const percent = total === null ? null : Math.floor((done / total) * 100);
  const leftS = isStale ? null : timeLeft(activity, total, nowS);
  const doneOfTotal =
    total === null
      ? trans.__('%1 %2', formatCount(done), unit)
      : trans.__('%1 of %2 %3', formatCount(done), formatCount(total), unit);
  const inChunks = trans._n('%1 chunk', '%1 chunks', chunks);
  return (
    <section
      className={`jp-Memkit-progress${isStale ? ' jp-mod-stale' : ''}`}
      aria-label={trans.__('Progress')}
      data-testid="memkit-progress"
      data-done={done}
      data-total={total ?? undefined}
      data-chunks={chunks}
    >
      <div className="jp-Memkit-beside">
        <span className="jp-Memkit-activity" title={label}>
          {label}
        </span>
        {percent !== null && <span>{trans.__('%1%', percent)}</span>}
        <button
          type="button"
          className="jp-Memkit-link"
          data-testid="memkit-stop"
          title={trans.__('Interrupt the kernel')}
          onClick={onStop}
        >
          {trans.__('Stop')}
        </button>
      </div>
      <div
        className={`jp-Memkit-track${percent === null ? ' jp-mod-endless' : ''}`}
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent ?? undefined}
        aria-valuetext={trans.__('%1, %2', doneOfTotal, inChunks)}
      >
        <div
          className="jp-Memkit-fill"
          style={
            percent === null ? undefined : { width: `${String(percent)}%` }
          }
        />
      </div>
      <div className="jp-Memkit-beside">
        <span>{doneOfTotal}</span>
      </div>
      {perS !== null && (
        <div className="jp-Memkit-beside">
          <span>{trans.__('%1 %2/s', formatRough(perS), unit)}</span>
          {leftS !== null && (
            <span data-testid="memkit-left">{describeLeft(leftS, trans)}</span>
          )}
        </div>
      )}
      <div className="jp-Memkit-beside">
        <span>{inChunks}</span>
        <ChunkPeak activity={activity} trans={trans} />
      </div>
      {isStale && (
        <div className="jp-Memkit-source">
          {trans.__('As last reported by the kernel')}
        </div>
      )}
    </section>
  );
}

export namespace Progress {
  export interface IProps {
    activity: IActivity;
    /** Whether the kernel does not report at the moment. */
    isStale: boolean;
    nowS: number;
    onStop: () => void;
    trans: TranslationBundle;
  }
}

/**
 * The total, `null` if unknown or if the estimate turned out to be too low.
 */
function totalOf({ done, total }: IActivity): number | null {
  return total !== null && total > 0 && total >= done ? total : null;
}

function timeLeft(
  { done, perS, reportedS }: IActivity,
  total: number | null,
  nowS: number
): number | null {
  if (total === null || perS === null) {
    return null;
  }
  // Time passes while a long chunk is processed.
  const sinceS = Math.max(0, nowS - reportedS);
  return Math.max(0, (total - done) / perS - sinceS);
}

function describeLeft(leftS: number, trans: TranslationBundle): string {
  return leftS < 1
    ? trans.__('< 1 s left')
    : trans.__('%1 left', formatDuration(leftS));
}

function ChunkPeak(
  props: Pick<Progress.IProps, 'activity' | 'trans'>
): React.JSX.Element | null {
  const { activity, trans } = props;
  const { chunkPeakBytes, budgetBytes } = activity;
  if (chunkPeakBytes === null) {
    return null;
  }
  const rise = formatBytes(chunkPeakBytes);
  return (
    <span
      title={trans.__('Growth of the process in the last chunk, and its limit')}
      data-testid="memkit-chunk-peak"
      data-bytes={chunkPeakBytes}
    >
      {budgetBytes === null
        ? trans.__('rise %1', rise)
        : trans.__('rise %1 of %2', rise, formatBytes(budgetBytes))}
    </span>
  );
}
