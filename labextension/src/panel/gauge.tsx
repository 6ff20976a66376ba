import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatBytes } from '../text/format';
import { describeLimit } from '../text/limits';
import type { IGauge } from '../wire/protocol';

const WARNING_SHARE = 0.8;
const DANGER_SHARE = 0.95;

/**
 * How full the limit with the least room is: the kernel, its child processes and
 * what else counts against the limit, with a tick at the highest memory so far.
 */
export function Gauge(props: Gauge.IProps): React.JSX.Element {
  const { gauge, rssBytes, highestBytes, isStale, trans } = props;
  const { limitBytes, usedBytes } = gauge;
  const childrenBytes = countedChildrenBytes(props);
  const share = usedBytes / limitBytes;
  const percent = Math.floor(share * 100);
  const shown = percent === 0 ? '< 1' : String(percent);
  const otherBytes = otherBytesOf(props);
  // An overflowing gauge keeps the proportions of its segments.
  const wholeBytes = Math.max(
    limitBytes,
    rssBytes + childrenBytes + otherBytes
  );
  const width = (bytes: number): React.CSSProperties => ({
    width: `${String((100 * bytes) / wholeBytes)}%`
  });
  const level =
    share > DANGER_SHARE
      ? ' jp-mod-error'
      : share > WARNING_SHARE
        ? ' jp-mod-warning'
        : '';
  return (
    <div
      className={`jp-Memkit-gauge${level}${isStale ? ' jp-mod-stale' : ''}`}
      role="meter"
      aria-label={trans.__('Memory in use')}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.min(percent, 100)}
      aria-valuetext={trans.__(
        '%1% of %2 (%3)',
        shown,
        formatBytes(limitBytes),
        describeLimit(gauge, trans)
      )}
      title={trans.__(
        '%1 of %2 in use: %3',
        formatBytes(usedBytes),
        formatBytes(limitBytes),
        describeLimit(gauge, trans)
      )}
      data-testid="memkit-limit"
      data-bytes={limitBytes}
      data-used-bytes={usedBytes}
    >
      <div className="jp-Memkit-segments">
        <div className="jp-Memkit-kernel" style={width(rssBytes)} />
        <div className="jp-Memkit-children" style={width(childrenBytes)} />
        <div className="jp-Memkit-other" style={width(otherBytes)} />
      </div>
      {highestBytes !== null && highestBytes <= wholeBytes && (
        <div
          className="jp-Memkit-tick"
          style={{ left: width(highestBytes).width }}
        />
      )}
    </div>
  );
}

export namespace Gauge {
  export interface IProps {
    gauge: IGauge;
    rssBytes: number;
    childrenBytes: number;
    /** The highest memory of the kernel and its child processes. */
    highestBytes: number | null;
    isStale: boolean;
    trans: TranslationBundle;
  }
}

type Parts = Pick<Gauge.IProps, 'gauge' | 'rssBytes' | 'childrenBytes'>;

/**
 * What counts against the limit besides the memory of the kernel and its child
 * processes: other programs, or what the kernel has only reserved.
 */
export function otherBytesOf(parts: Parts): number {
  const { gauge, rssBytes } = parts;
  return Math.max(0, gauge.usedBytes - rssBytes - countedChildrenBytes(parts));
}

/**
 * The memory of the child processes, if it counts against the limit.
 */
function countedChildrenBytes({ gauge, childrenBytes }: Parts): number {
  return gauge.covers === 'kernel' ? 0 : childrenBytes;
}
