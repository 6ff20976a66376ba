import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import * as React from 'react';

import { MemoryChart } from './chart';
import type { Sidebar } from '../model/sidebar';
import type { IChartData } from './series';
import { buildChartData, hasChildren } from './series';

/**
 * The section of the panel with the timeline.
 */
export class TimelineSection extends VDomRenderer<Sidebar> {
  constructor(options: TimelineSection.IOptions) {
    super(options.sidebar);
    this._options = options;
    this.id = 'jupyter-memkit-timeline';
    this.title.label = options.trans.__('Timeline');
  }

  protected override render(): React.JSX.Element | null {
    const { sidebar, trans } = this._options;
    return (
      sidebar.model && (
        <Chart
          data={buildChartData(sidebar.model, sidebar.rangeS)}
          rangeS={sidebar.rangeS}
          onRange={rangeS => {
            sidebar.rangeS = rangeS;
          }}
          trans={trans}
        />
      )
    );
  }

  private readonly _options: TimelineSection.IOptions;
}

export namespace TimelineSection {
  export interface IOptions {
    sidebar: Sidebar;
    /** Show a cell in its notebook. */
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
  }
}

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
