import type { TranslationBundle } from '@jupyterlab/translation';

import type { MemoryChart } from './chart';
import type { IChartSource } from './series';
import { buildChartData, extentOf } from './series';
import type { Toolbar } from './toolbar';
import { View } from './view';

/**
 * The chart, once its element and its library are there, and what its toolbar chose.
 */
export class TimelineChart {
  constructor(options: TimelineChart.IOptions) {
    this._options = options;
    this._view = new View({
      extent: () => extentOf(options.source()),
      rangeS: () => options.rangeS(),
      onChange: options.onChange
    });
  }

  /**
   * Whether the chart follows the present.
   */
  get isLive(): boolean {
    return this._view.isLive;
  }

  /**
   * Whether the library could not be loaded.
   */
  get isMissing(): boolean {
    return this._isMissing;
  }

  /**
   * What the toolbar shows.
   */
  get toolbar(): Omit<Toolbar.IProps, 'onRange'> {
    const { rangeS, trans } = this._options;
    return {
      ...this._drawn,
      rangeS: rangeS(),
      isLive: this.isLive,
      showsGpu: this._showsGpu,
      onLive: this.follow,
      onGpu: this._onGpu,
      trans
    };
  }

  /**
   * Follow the present.
   */
  readonly follow = (): void => {
    this._view.follow();
  };

  /**
   * Draw in another element, or no longer, if it is `null`.
   */
  readonly attach = (host: HTMLElement | null): void => {
    this._chart?.destroy();
    this._chart = null;
    this._host = host;
    if (host) {
      void this._load(host);
    }
  };

  /**
   * Draw in the next frame.
   */
  update(): void {
    this._chart?.update();
  }

  /**
   * Draw with the colours of the present theme.
   */
  restyle(): void {
    this._chart?.restyle();
  }

  private async _load(host: HTMLElement): Promise<void> {
    const { source, onOpen, trans } = this._options;
    try {
      const Chart = await this._options.load();
      if (this._host !== host) {
        return;
      }
      this._chart = new Chart(host, {
        read: columnCount => {
          const model = source();
          return model && buildChartData(model, this._view.window, columnCount);
        },
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
      this._options.onChange();
    }
  }

  private readonly _onGpu = (): void => {
    this._showsGpu = !this._showsGpu;
    if (this._chart) {
      this._chart.showsGpu = this._showsGpu;
    }
    this._options.onChange();
  };

  private _onDrawn(drawn: MemoryChart.IDrawn): void {
    const { hasChildren, hasGpu } = this._drawn;
    if (drawn.hasChildren !== hasChildren || drawn.hasGpu !== hasGpu) {
      this._drawn = drawn;
      this._options.onChange();
    }
  }

  private readonly _options: TimelineChart.IOptions;
  private readonly _view: View;
  private _host: HTMLElement | null = null;
  private _chart: MemoryChart | null = null;
  private _drawn: MemoryChart.IDrawn = { hasChildren: false, hasGpu: false };
  private _showsGpu = true;
  private _isMissing = false;
}

export namespace TimelineChart {
  export interface IOptions {
    /** The kernel whose memory is drawn, `null` if there is none. */
    source: () => IChartSource | null;
    /** The range that the user chose. */
    rangeS: () => number | null;
    /** Load the chart with its library, which is large. */
    load: () => Promise<typeof MemoryChart>;
    /** The toolbar or the view has changed. */
    onChange: () => void;
    /** Show a cell in its notebook. */
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
  }
}
