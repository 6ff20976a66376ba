import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import { steadyS } from '../model/clock';
import type { MemoryModel } from '../model/memory';
import type { Sidebar } from '../model/sidebar';
import { SidebarRenderer } from '../renderer';
import { ChartHost } from './host';
import { TimelineChart } from './timeline';
import { Toolbar } from './toolbar';

// Times on the axis need not advance more often.
const TICK_S = 1;

/**
 * The section of the panel with the timeline.
 *
 * While it is collapsed or hidden it does nothing.
 */
export class TimelineSection extends SidebarRenderer {
  constructor(options: TimelineSection.IOptions) {
    super(options.sidebar);
    this._options = options;
    this.id = 'jupyter-memkit-timeline';
    this.title.label = options.trans.__('Timeline');
    this.addClass('jp-Memkit-timeline');
    this._chart = new TimelineChart({
      source: () => options.sidebar.model,
      rangeS: () => options.sidebar.rangeS,
      load: async () => (await import('./chart')).MemoryChart,
      onChange: () => {
        this.update();
      },
      onOpen: options.onOpen,
      trans: options.trans
    });
    options.sidebar.ticked.connect(this._onTick, this);
  }

  protected override onUpdateRequest(message: Message): void {
    const { model } = this._options.sidebar;
    if (model !== this._shown) {
      this._shown = model;
      this._chart.follow();
    }
    super.onUpdateRequest(message);
    this._draw();
  }

  protected override render(): React.JSX.Element | null {
    const { sidebar, trans } = this._options;
    const { toolbar } = this._chart;
    return (
      sidebar.model && (
        <>
          <Toolbar {...toolbar} onRange={this._onRange} />
          {this._chart.isMissing && (
            <p className="jp-Memkit-missing">
              {trans.__('The chart could not be loaded. Reload the page.')}
            </p>
          )}
          <ChartHost
            hasChildren={toolbar.hasChildren}
            onHost={this._chart.attach}
            trans={trans}
          />
        </>
      )
    );
  }

  private _onTick(): void {
    if (this._chart.isLive && steadyS() - this._drawnS >= TICK_S) {
      this._draw();
    }
  }

  private _draw(): void {
    if (this.isVisible && !document.hidden) {
      this._drawnS = steadyS();
      this._chart.update();
    }
  }

  private readonly _onRange = (rangeS: number | null): void => {
    this._chart.follow();
    this._options.sidebar.rangeS = rangeS;
  };

  private readonly _options: TimelineSection.IOptions;
  private readonly _chart: TimelineChart;
  private _shown: MemoryModel | null = null;
  private _drawnS = -Infinity;
}

export namespace TimelineSection {
  export interface IOptions {
    sidebar: Sidebar;
    /** Show a cell in its notebook. */
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
  }
}
