import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IReading } from '../model/readings';
import { formatBytes, formatClock, formatRoughDuration } from '../text/format';
import { describeLimit, nameLimit } from '../text/limits';
import type { IHighest, IPresent, IRunningCell } from '../wire/protocol';
import { Gauge, otherBytesOf } from './gauge';
import { CellLink } from './link';

// Less is not worth a place in the legend.
const OTHER_MIN_SHARE = 0.02;

/**
 * The memory of the kernel and its child processes, and how close the limit is.
 */
export function Reading(props: Reading.IProps): React.JSX.Element {
  const { reading, present, running, staleSinceS, trans } = props;
  const { rssBytes, childrenBytes, gauge } = reading;
  const [figure, unit] = formatBytes(rssBytes + childrenBytes).split(' ');
  const isStale = staleSinceS !== null;
  const highest = highestOf(reading, present?.highest ?? null, running);
  return (
    <section
      className="jp-Memkit-reading"
      aria-label={trans.__('Current memory')}
    >
      <div className="jp-Memkit-figures">
        <div
          className={`jp-Memkit-now${isStale ? ' jp-mod-stale' : ''}`}
          data-testid="memkit-rss"
          data-bytes={rssBytes}
          data-source={reading.source}
          data-updated-s={reading.tS}
        >
          {figure} <span className="jp-Memkit-unit">{unit}</span>
        </div>
        {gauge && (
          <div
            className="jp-Memkit-limitName"
            title={describeLimit(gauge, trans)}
          >
            {trans.__(
              'of %1, %2',
              formatBytes(gauge.limitBytes),
              nameLimit(gauge, trans)
            )}
          </div>
        )}
      </div>
      {gauge && (
        <Gauge
          gauge={gauge}
          rssBytes={rssBytes}
          childrenBytes={childrenBytes}
          highestBytes={highest?.bytes ?? null}
          isStale={isStale}
          trans={trans}
        />
      )}
      <div className="jp-Memkit-outlook">
        <Outlook {...props} highest={highest} />
        <SourceNote reading={reading} staleSinceS={staleSinceS} trans={trans} />
      </div>
      <Legend reading={reading} present={present} trans={trans} />
    </section>
  );
}

export namespace Reading {
  export interface IProps {
    reading: IReading;
    present: IPresent | null;
    running: IRunningCell | null;
    /** The time until the limit is reached, `null` unless memory climbs. */
    secondsToFull: number | null;
    staleSinceS: number | null;
    /** Show a cell in its notebook. */
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
  }
}

/**
 * The highest memory so far, which the running cell may have exceeded since the report,
 * and the server may have read.
 */
function highestOf(
  reading: IReading,
  reported: IHighest | null,
  running: IRunningCell | null
): IHighest | null {
  const cell = {
    executionCount: running?.executionCount ?? null,
    cellId: running?.cellId ?? null
  };
  const highest =
    running && running.peakBytes > (reported?.bytes ?? 0)
      ? { ...cell, bytes: running.peakBytes, exact: running.exact }
      : reported;
  const bytes = reading.rssBytes + reading.childrenBytes;
  return reading.source === 'server' && highest && bytes > highest.bytes
    ? { ...cell, bytes, exact: false }
    : highest;
}

/**
 * When the limit is reached, or else the highest memory and its cell.
 */
function Outlook(
  props: Pick<Reading.IProps, 'secondsToFull' | 'onOpen' | 'trans'> & {
    highest: IHighest | null;
  }
): React.JSX.Element | null {
  const { secondsToFull, highest, onOpen, trans } = props;
  if (secondsToFull !== null) {
    return (
      <div className="jp-Memkit-climb" data-testid="memkit-climb">
        {secondsToFull < 1
          ? trans.__('Full in less than a second')
          : trans.__('Full in about %1', formatRoughDuration(secondsToFull))}
      </div>
    );
  }
  if (highest === null) {
    return null;
  }
  const { bytes, executionCount, cellId, exact } = highest;
  const size = formatBytes(bytes);
  const text =
    executionCount === null
      ? trans.__('highest %1', size)
      : trans.__('highest %1 in [%2]', size, executionCount);
  const label = exact ? text : trans.__('%1, sampled', text);
  return (
    <div
      className="jp-Memkit-peak"
      data-testid="memkit-peak"
      data-bytes={bytes}
    >
      <CellLink cellId={cellId} onOpen={onOpen} trans={trans}>
        {label}
      </CellLink>
    </div>
  );
}

/**
 * The parts of the gauge, if there is more than the kernel.
 */
function Legend(
  props: Pick<Reading.IProps, 'reading' | 'present' | 'trans'>
): React.JSX.Element | null {
  const { reading, present, trans } = props;
  const { rssBytes, childrenBytes, gauge } = reading;
  const children = present?.children ?? 0;
  const otherBytes = gauge
    ? otherBytesOf({ gauge, rssBytes, childrenBytes })
    : 0;
  const hasOther =
    gauge !== null && otherBytes > OTHER_MIN_SHARE * gauge.limitBytes;
  const swapBytes = present?.swapBytes ?? 0;
  if (childrenBytes === 0 && children === 0 && !hasOther && swapBytes === 0) {
    return null;
  }
  return (
    <dl className="jp-Memkit-parts">
      <div>
        <dt className="jp-Memkit-kernel">{trans.__('kernel')}</dt>
        <dd>{formatBytes(rssBytes)}</dd>
      </div>
      {(childrenBytes > 0 || children > 0) && (
        <div>
          <dt className="jp-Memkit-children">
            {children === 0
              ? trans.__('child processes')
              : trans._n('%1 child process', '%1 child processes', children)}
          </dt>
          <dd data-testid="memkit-children" data-bytes={childrenBytes}>
            {formatBytes(childrenBytes)}
          </dd>
        </div>
      )}
      {hasOther && (
        <div>
          <dt className="jp-Memkit-other">
            {gauge.covers === 'kernel'
              ? // The memory of the kernel includes pages that do not count.
                trans.__('reserved, at least')
              : trans.__('other programs')}
          </dt>
          <dd data-testid="memkit-other" data-bytes={otherBytes}>
            {formatBytes(otherBytes)}
          </dd>
        </div>
      )}
      {swapBytes > 0 && (
        <div>
          <dt>{trans.__('in swap')}</dt>
          <dd data-testid="memkit-swap" data-bytes={swapBytes}>
            {formatBytes(swapBytes)}
          </dd>
        </div>
      )}
    </dl>
  );
}

/**
 * The origin of the figure, if it is not the kernel's own and current.
 */
function SourceNote(
  props: Pick<Reading.IProps, 'reading' | 'staleSinceS' | 'trans'>
): React.JSX.Element | null {
  const { reading, staleSinceS, trans } = props;
  const note =
    staleSinceS !== null
      ? trans.__('Stale since %1', formatClock(staleSinceS))
      : reading.source === 'server'
        ? trans.__('Read by the server')
        : null;
  return note === null ? null : (
    <div className="jp-Memkit-source" title={note}>
      {note}
    </div>
  );
}
