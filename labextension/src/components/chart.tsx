import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { MemoryChart } from '../chart';
import type { IChartData } from '../series';
import { hasChildren } from '../series';

/**
 * The time ranges of the chart; `null` is everything.
 */
const RANGES = [60, 300, 3600, null] as const;

/**
 * The chart, and the choice of its range.
 */
export function Chart(props: Chart.IProps): React.JSX.Element {
  const { data, rangeS, onRange, trans } = props;
  const host = React.useRef<HTMLDivElement>(null);
  const chart = React.useRef<MemoryChart | null>(null);

  React.useEffect(() => {
    if (!host.current) {
      return;
    }
    const created = new MemoryChart(host.current, trans);
    chart.current = created;
    return () => {
      created.destroy();
    };
  }, [trans]);
  React.useEffect(() => {
    chart.current?.draw(data);
  }, [data]);

  return (
    <section className="jp-Memkit-section" aria-label={trans.__('Timeline')}>
      <div className="jp-Memkit-sectionHeader">
        <h3>{trans.__('Timeline')}</h3>
        <div
          className="jp-Memkit-ranges"
          role="group"
          aria-label={trans.__('Range of the timeline')}
        >
          {RANGES.map(range => (
            <button
              key={String(range)}
              type="button"
              aria-pressed={range === rangeS}
              onClick={() => {
                onRange(range);
              }}
            >
              {rangeLabel(range, trans)}
            </button>
          ))}
        </div>
      </div>
      <div
        ref={host}
        className="jp-Memkit-chart"
        role="img"
        aria-label={
          hasChildren(data)
            ? trans.__('Memory over time, with child processes on top')
            : trans.__('Memory over time')
        }
      />
    </section>
  );
}

export namespace Chart {
  export interface IProps {
    data: IChartData;
    rangeS: number | null;
    onRange: (rangeS: number | null) => void;
    trans: TranslationBundle;
  }
}

function rangeLabel(rangeS: number | null, trans: TranslationBundle): string {
  if (rangeS === null) {
    return trans.__('All');
  }
  return rangeS < 3600
    ? trans.__('%1 min', rangeS / 60)
    : trans.__('%1 h', rangeS / 3600);
}
