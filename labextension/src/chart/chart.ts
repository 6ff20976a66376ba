import type { TranslationBundle } from '@jupyterlab/translation';
import uPlot from 'uplot';

import { buildAxes, scaleTop } from './axes';
import { formatBytes, formatClock } from '../text/format';
import { drawCells, drawMarks } from './marks';
import type { IPalette } from './palette';
import { readPalette } from './palette';
import type { IChartData } from './series';
import { hasChildren, togetherOf } from './series';

const HEIGHT_PX = 168;

const NOTHING: IChartData = {
  fromS: 0,
  toS: 1,
  tS: [],
  rssBytes: [],
  peakBytes: [],
  childrenBytes: [],
  limitBytes: null,
  cells: [],
  running: null
};

/**
 * Draws memory over time in a DOM element, without a framework.
 *
 * Drawing, resizing and theme changes are batched in one animation frame.
 */
export class MemoryChart {
  constructor(host: HTMLElement, trans: TranslationBundle) {
    this._host = host;
    this._trans = trans;
    this._readout = document.createElement('div');
    this._readout.className = 'jp-Memkit-readout';
    this._host.append(this._readout);
    this._palette = readPalette(host);
    this._resizing = new ResizeObserver(() => {
      this._schedule();
    });
    this._resizing.observe(host);
    // JupyterLab sets the theme's name on the body once its style sheet is
    // loaded.
    this._theming = new MutationObserver(() => {
      this._plot?.destroy();
      this._plot = null;
      this._schedule();
    });
    this._theming.observe(document.body, {
      attributeFilter: ['data-jp-theme-name', 'data-jp-theme-light']
    });
  }

  /**
   * Show the data in the next frame.
   */
  draw(data: IChartData): void {
    this._data = data;
    this._schedule();
  }

  /**
   * Undo everything that the constructor did.
   */
  destroy(): void {
    cancelAnimationFrame(this._frame);
    this._resizing.disconnect();
    this._theming.disconnect();
    this._plot?.destroy();
    this._plot = null;
    this._readout.remove();
  }

  private _schedule(): void {
    cancelAnimationFrame(this._frame);
    this._frame = requestAnimationFrame(() => {
      this._render();
    });
  }

  private _render(): void {
    const width = this._host.clientWidth;
    if (width === 0) {
      return;
    }
    const { tS, rssBytes, peakBytes } = this._data;
    // The chart does not modify them, although uPlot's types allow it.
    const columns: uPlot.AlignedData = [
      [...tS],
      togetherOf(this._data),
      [...peakBytes],
      [...rssBytes]
    ];
    if (this._plot) {
      if (this._plot.width !== width) {
        this._plot.setSize({ width, height: HEIGHT_PX });
      }
      this._plot.setData(columns);
    } else {
      this._palette = readPalette(this._host);
      this._plot = new uPlot(this._options(width), columns, this._host);
    }
    this._plot.setSeries(1, { show: hasChildren(this._data) });
  }

  private _options(width: number): uPlot.Options {
    const palette = this._palette;
    return {
      width,
      height: HEIGHT_PX,
      padding: [8, 16, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: {
        x: { range: () => [this._data.fromS, this._data.toS] },
        y: { range: () => [0, scaleTop(this._data)] }
      },
      axes: buildAxes(palette),
      series: [
        {},
        { width: 0, points: { show: false } },
        { width: 0, points: { show: false } },
        {
          stroke: palette.line,
          fill: palette.area,
          width: 1.5,
          points: { show: false }
        }
      ],
      bands: [
        { series: [1, 3], fill: palette.childrenArea },
        { series: [2, 3], fill: palette.peakArea }
      ],
      hooks: {
        drawClear: [
          plot => {
            drawCells(plot, this._data, palette);
          }
        ],
        draw: [
          plot => {
            drawMarks(plot, this._data, palette);
          }
        ],
        setCursor: [
          plot => {
            this._readout.textContent = this._describe(plot.cursor.idx ?? null);
          }
        ]
      }
    };
  }

  /**
   * Describe the reading under the cursor, and the cell that was running.
   */
  private _describe(index: number | null): string {
    const tS = index === null ? undefined : this._data.tS[index];
    const rssBytes = index === null ? undefined : this._data.rssBytes[index];
    const childrenBytes = this._data.childrenBytes[index ?? -1] ?? 0;
    if (tS === undefined || rssBytes === undefined) {
      return '';
    }
    const cell = this._data.cells.find(
      ({ startedS, durationS }) => startedS <= tS && tS <= startedS + durationS
    );
    const count = cell?.executionCount ?? null;
    return [
      formatClock(tS),
      formatBytes(rssBytes),
      ...(childrenBytes > 0
        ? [this._trans.__('child processes %1', formatBytes(childrenBytes))]
        : []),
      ...(count === null ? [] : [`[${String(count)}]`])
    ].join(' · ');
  }

  private readonly _host: HTMLElement;
  private readonly _trans: TranslationBundle;
  private readonly _readout: HTMLElement;
  private readonly _resizing: ResizeObserver;
  private readonly _theming: MutationObserver;
  private _palette: IPalette;
  private _plot: uPlot | null = null;
  private _data: IChartData = NOTHING;
  private _frame = 0;
}
