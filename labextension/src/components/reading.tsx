import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatBytes, formatClock } from '../format';
import type { ILimit, IReading } from '../records';
import { Meter } from './meter';

/**
 * The current memory, the peak of a cell, and the share of the limit in use.
 */
export function Reading(props: Reading.IProps): React.JSX.Element {
  const { reading, peak, limit, staleSinceS, trans } = props;
  const [figure, unit] = formatBytes(reading.rssBytes).split(' ');
  return (
    <section
      className="jp-Memkit-reading"
      aria-label={trans.__('Current memory')}
    >
      <div className="jp-Memkit-figures">
        <div
          className={`jp-Memkit-now${staleSinceS === null ? '' : ' jp-mod-stale'}`}
          data-testid="memkit-rss"
          data-bytes={reading.rssBytes}
          data-source={reading.source}
          data-updated-s={reading.tS}
        >
          {figure} <span className="jp-Memkit-unit">{unit}</span>
        </div>
        {peak && (
          <div className="jp-Memkit-peak">
            <span className="jp-Memkit-label">{peakLabel(peak, trans)}</span>
            <span data-testid="memkit-peak" data-bytes={peak.bytes}>
              {formatBytes(peak.bytes)}
            </span>
          </div>
        )}
      </div>
      {limit && (
        <Meter
          label={trans.__('Memory in use')}
          name="limit"
          rssBytes={reading.rssBytes}
          peakBytes={peak?.bytes ?? null}
          limit={limit}
          trans={trans}
        />
      )}
      <SourceNote reading={reading} staleSinceS={staleSinceS} trans={trans} />
    </section>
  );
}

export namespace Reading {
  export interface IPeak {
    bytes: number;
    /** The execution count of the cell with this peak. */
    executionCount: number | null;
    exact: boolean;
  }

  export interface IProps {
    reading: IReading;
    peak: IPeak | null;
    limit: ILimit | null;
    staleSinceS: number | null;
    trans: TranslationBundle;
  }
}

function peakLabel(peak: Reading.IPeak, trans: TranslationBundle): string {
  const label =
    peak.executionCount === null
      ? trans.__('Peak')
      : trans.__('Peak in [%1]', peak.executionCount);
  return peak.exact ? label : trans.__('%1, sampled', label);
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
  return note === null ? null : <div className="jp-Memkit-source">{note}</div>;
}
