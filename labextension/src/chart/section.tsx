import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import type { MemoryModel } from '../model/memory';
import type { Sidebar } from '../model/sidebar';
import { SidebarRenderer } from '../renderer';
import type { MemoryChart } from './chart';
import { ChartHost } from './host';
import { buildChartData, extentOf } from './series';
import { Toolbar } from './toolbar';
import { View } from './view';

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
    this._view = new View({
      extent: () => extentOf(options.sidebar.model),
      rangeS: () => options.sidebar.rangeS,
      onChange: () => {
        this.update();
      }
    });
    options.sidebar.ticked.connect(this._onTick, this);
  }

  protected override onUpdateRequest(message: Message): void {
    const { model } = this._options.sidebar;
    if (model !== this._shown) {
      this._shown = model;
      this._view.follow();
    }
    super.onUpdateRequest(message);
    this._draw();
  }

  protected override render(): React.JSX.Element | null {
    const { sidebar, trans } = this._options;
    const { model } = sidebar;
    return (
      model && (
        <>
          <Toolbar
            rangeS={sidebar.rangeS}
            isLive={this._view.isLive}
            {...this._drawn}
            showsGpu={this._showsGpu}
            onRange={this._onRange}
            onLive={this._onLive}
            onGpu={this._onGpu}
            trans={trans}
          />
          {this._isMissing && (
            <p className="jp-Memkit-missing">
              {trans.__('The chart could not be loaded. Reload the page.')}
            </p>
          )}
          <ChartHost
            hasChildren={this._drawn.hasChildren}
            onHost={this._onHost}
            trans={trans}
          />
        </>
      )
    );
  }

  private _onTick(): void {
    if (this._view.isLive && Date.now() / 1000 - this._drawnS >= TICK_S) {
      this._draw();
    }
  }

  private _draw(): void {
    if (this._chart && this.isVisible && !document.hidden) {
      this._drawnS = Date.now() / 1000;
      this._chart.update();
    }
  }

  private readonly _onRange = (rangeS: number | null): void => {
    this._view.follow();
    this._options.sidebar.rangeS = rangeS;
  };

  private readonly _onLive = (): void => {
    this._view.follow();
  };

  private readonly _onGpu = (): void => {
    this._showsGpu = !this._showsGpu;
    if (this._chart) {
      this._chart.showsGpu = this._showsGpu;
    }
    this.update();
  };

  private readonly _onHost = (host: HTMLElement | null): void => {
    this._chart?.destroy();
    this._chart = null;
    this._host = host;
    if (host) {
      void this._load(host);
    }
  };

  /**
   * Load the chart with its library, which is large, when it is first shown.
   */
  private async _load(host: HTMLElement): Promise<void> {
    const { sidebar, onOpen, trans } = this._options;
    try {
      const { MemoryChart } = await import('./chart');
      if (this._host !== host) {
        return;
      }
      this._chart = new MemoryChart(host, {
        read: columnCount =>
          sidebar.model &&
          buildChartData(sidebar.model, this._view.window, columnCount),
        view: this._view,
        onDrawn: drawn => {
          this._onDrawn(drawn);
        },
        onOpen,
        trans
      });
      this._chart.showsGpu = this._showsGpu;
    } catch (reason) {
      console.warn('jupyter_memkit: the chart could not be loaded', reason);
      this._isMissing = true;
      this.update();
    }
  }

  private _onDrawn(drawn: MemoryChart.IDrawn): void {
    const { hasChildren, hasGpu } = this._drawn;
    if (drawn.hasChildren !== hasChildren || drawn.hasGpu !== hasGpu) {
      this._drawn = drawn;
      this.update();
    }
  }

  private readonly _options: TimelineSection.IOptions;
  private readonly _view: View;
  private _shown: MemoryModel | null = null;
  private _host: HTMLElement | null = null;
  private _chart: MemoryChart | null = null;
  private _drawn: MemoryChart.IDrawn = { hasChildren: false, hasGpu: false };
  private _showsGpu = true;
  private _isMissing = false;
  private _drawnS = 0;
}

export namespace TimelineSection {
  export interface IOptions {
    sidebar: Sidebar;
    /** Show a cell in its notebook. */
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
  }
}
