import type { TranslationBundle } from '@jupyterlab/translation';
import 'uplot/dist/uPlot.min.css';
import uPlot from 'uplot';

import { cellAt, middleOfNext } from './bands';
import { describeColumn } from './describe';
import { bindKeys } from './keys';
import type { IPalette } from './palette';
import { readPalette } from './palette';
import { alignedColumns, plotOptions, SERIES } from './plot';
import { bindPointer, selectCursor } from './pointer';
import { Readout } from './readout';
import type { ICellSpan, IChartData } from './series';
import { NO_DATA } from './series';
import type { View } from './view';

const HEIGHT_MIN_PX = 100;
// A click or the cursor need not meet a narrow band exactly.
const CLOSE_PX = 3;
const CURSOR_STEP_PX = 8;
// Where the system replaces colours, they change without JupyterLab's theme.
const SYSTEM_COLOURS = [
  '(forced-colors: active)',
  '(prefers-color-scheme: dark)'
];

/**
 * Draws memory over time in a DOM element, without a framework.
 *
 * Drawing, resizing and theme changes are batched in one animation frame.
 */
export class MemoryChart {
  constructor(host: HTMLElement, options: MemoryChart.IOptions) {
    this._host = host;
    this._options = options;
    this._readout = new Readout(host);
    this._palette = readPalette(host);
    this._resizing = new ResizeObserver(() => {
      this.update();
    });
    this._resizing.observe(host);
    // JupyterLab sets the theme's name on the body once its style sheet is
    // loaded.
    this._theming = new MutationObserver(() => {
      this.restyle();
    });
    this._theming.observe(document.body, {
      attributeFilter: ['data-jp-theme-name', 'data-jp-theme-light']
    });
    for (const query of this._systemColours) {
      query.addEventListener('change', this._onSystemColours);
    }
    this._unbindKeys = bindKeys(host, this);
  }

  get view(): View {
    return this._options.view;
  }

  /**
   * Whether the memory on GPUs is drawn.
   */
  get showsGpu(): boolean {
    return this._showsGpu;
  }
  set showsGpu(showsGpu: boolean) {
    this._showsGpu = showsGpu;
    this.update();
  }

  /**
   * Draw with the colours of the present theme.
   */
  restyle(): void {
    this._plot?.destroy();
    this._plot = null;
    this.update();
  }

  /**
   * Draw in the next frame.
   */
  update(): void {
    cancelAnimationFrame(this._frame);
    this._frame = requestAnimationFrame(() => {
      this.draw();
    });
  }

  /**
   * Draw now.
   */
  draw(): void {
    const { clientWidth: width, clientHeight } = this._host;
    if (width === 0) {
      return;
    }
    const height = Math.max(clientHeight, HEIGHT_MIN_PX);
    this._data = this._options.read(width * uPlot.pxRatio) ?? NO_DATA;
    const plot = this._plot;
    if (plot) {
      plot.batch(() => {
        if (plot.width !== width || plot.height !== height) {
          plot.setSize({ width, height });
        }
        plot.setData(alignedColumns(this._data));
        this._showSeries(plot);
      });
    } else {
      this._palette = readPalette(this._host);
      this._plot = new uPlot(
        this._plotOptions(width, height),
        alignedColumns(this._data),
        this._host
      );
      bindPointer(this._plot, this);
    }
    this._options.onDrawn({
      hasChildren: this._hasChildren,
      hasGpu: this._hasGpu
    });
  }

  /**
   * The cell at a time, or within a few pixels of it.
   */
  cellAt(tS: number): ICellSpan | null {
    const { cells, fromS, toS } = this._data;
    const closeS = (CLOSE_PX * (toS - fromS)) / (this._plot?.width ?? 1);
    return cellAt(cells, tS, closeS);
  }

  /**
   * The time under the cursor, `null` if there is none.
   */
  get cursorS(): number | null {
    const left = this._plot?.cursor.left ?? -1;
    return this._plot && left >= 0 ? this._plot.posToVal(left, 'x') : null;
  }

  /**
   * Move the cursor a few pixels to the left (-1) or to the right (1).
   */
  stepCursor(direction: 1 | -1): void {
    const plot = this._plot;
    if (plot) {
      const left = plot.cursor.left ?? -1;
      const width = plot.over.clientWidth;
      const from = left < 0 ? width - direction * CURSOR_STEP_PX : left;
      const to = from + direction * CURSOR_STEP_PX;
      this._placeCursor(plot, Math.min(Math.max(to, 0), width));
    }
  }

  /**
   * Move the cursor to the previous (-1) or next (1) cell that is shown.
   */
  stepCell(direction: 1 | -1): void {
    const plot = this._plot;
    if (!plot) {
      return;
    }
    const { fromS, toS, cells } = this._data;
    const { cursorS } = this;
    const nextS = middleOfNext(
      cells.filter(cell => cursorS === null || cell !== this.cellAt(cursorS)),
      this._data,
      cursorS ?? (direction < 0 ? toS : fromS),
      direction
    );
    if (nextS !== undefined) {
      this._placeCursor(plot, plot.valToPos(nextS, 'x'));
    }
  }

  hideCursor(): void {
    this._plot?.setCursor({ left: -10, top: -10 });
    this._readout.silence();
  }

  /**
   * Go to the cell at a time in its notebook.
   */
  open(tS: number): void {
    const cellId = this.cellAt(tS)?.cellId ?? null;
    if (cellId !== null) {
      this._options.onOpen(cellId);
    }
  }

  /**
   * Undo everything that the constructor did.
   */
  destroy(): void {
    cancelAnimationFrame(this._frame);
    this._unbindKeys();
    this._resizing.disconnect();
    this._theming.disconnect();
    for (const query of this._systemColours) {
      query.removeEventListener('change', this._onSystemColours);
    }
    this._plot?.destroy();
    this._plot = null;
    this._readout.remove();
  }

  /** What a screen reader says is only what the keyboard asked for. */
  private _placeCursor(plot: uPlot, left: number): void {
    plot.setCursor({ left, top: plot.over.clientHeight / 2 });
    this._readout.speak();
  }

  private _showSeries(plot: uPlot): void {
    plot.series.forEach((series, index) => {
      const show = this._shows(index);
      if (series.show !== show) {
        plot.setSeries(index, { show });
      }
    });
  }

  private _shows(series: number): boolean {
    switch (series) {
      case SERIES.together:
        return this._hasChildren;
      case SERIES.gpu:
        return this._hasGpu && this._showsGpu;
      default:
        return true;
    }
  }

  private get _hasChildren(): boolean {
    return this._data.columns.childrenBytes.some(bytes => (bytes ?? 0) > 0);
  }

  private get _hasGpu(): boolean {
    return this._data.columns.gpuBytes.some(bytes => (bytes ?? 0) > 0);
  }

  private _plotOptions(width: number, height: number): uPlot.Options {
    const options = plotOptions(this._palette, () => this._data);
    return {
      ...options,
      width,
      height,
      cursor: selectCursor(this.view),
      series: options.series.map((each, index) => ({
        ...each,
        show: this._shows(index)
      })),
      hooks: {
        ...options.hooks,
        setCursor: [
          plot => {
            this._describeCursor(plot);
          }
        ],
        setSelect: [
          plot => {
            const { left, width: selected } = plot.select;
            this.view.select(
              plot.posToVal(left, 'x'),
              plot.posToVal(left + selected, 'x')
            );
            const none = { left: 0, top: 0, width: 0, height: 0 };
            plot.setSelect(none, false);
          }
        ]
      }
    };
  }

  private _describeCursor(plot: uPlot): void {
    const { cursorS } = this;
    const index = cursorS === null ? null : (plot.cursor.idx ?? null);
    const cell = cursorS === null ? null : this.cellAt(cursorS);
    // Not over what it describes.
    const isRight = (plot.cursor.left ?? 0) > plot.over.clientWidth / 2;
    this._readout.show(
      describeColumn(this._data, index, cell, this._options.trans),
      isRight ? 'left' : 'right'
    );
    const leads = cell !== null && cell.cellId !== null;
    plot.over.classList.toggle('jp-mod-link', leads);
  }

  private readonly _onSystemColours = (): void => {
    this.restyle();
  };

  private readonly _host: HTMLElement;
  private readonly _options: MemoryChart.IOptions;
  private readonly _readout: Readout;
  private readonly _resizing: ResizeObserver;
  private readonly _theming: MutationObserver;
  private readonly _systemColours = SYSTEM_COLOURS.map(query =>
    window.matchMedia(query)
  );
  private readonly _unbindKeys: () => void;
  private _palette: IPalette;
  private _plot: uPlot | null = null;
  private _data: IChartData = NO_DATA;
  private _showsGpu = true;
  private _frame = 0;
}

export namespace MemoryChart {
  export interface IOptions {
    /** The data for this number of columns of pixels. */
    read: (columnCount: number) => IChartData | null;
    view: View;
    /** Called with what was drawn. */
    onDrawn: (drawn: IDrawn) => void;
    /** Show a cell in its notebook. */
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
  }

  export interface IDrawn {
    readonly hasChildren: boolean;
    readonly hasGpu: boolean;
  }
}
