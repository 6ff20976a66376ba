import { afterEach, beforeEach, vi } from 'vitest';

import { MemoryChart } from '../../src/chart/chart';
import { toPixelColumns } from '../../src/chart/columns';
import type { ICellSpan, IChartData } from '../../src/chart/series';
import { View } from '../../src/chart/view';
import type { FakeContext } from '../fakes/canvas';
import { fakeCanvas } from '../fakes/canvas';
import { part } from '../fakes/render';
import { trans } from '../fakes/trans';
import type { IReadingChange } from './history';
import { MEBIBYTE, timelineOf } from './history';

export const READINGS: IReadingChange[] = [
  { tS: 100, rssBytes: 80 * MEBIBYTE },
  { tS: 115, rssBytes: 100 * MEBIBYTE, peakBytes: 200 * MEBIBYTE },
  { tS: 160, rssBytes: 120 * MEBIBYTE }
];

export const CELL: ICellSpan = {
  executionCount: 5,
  cellId: 'cell-5',
  fromS: 110,
  toS: 130,
  peakBytes: 300 * MEBIBYTE,
  isRunning: false
};

/**
 * The data of a minute with a spike and a cell.
 */
export function dataOf(
  readings = READINGS,
  changes: Partial<IChartData> = {}
): IChartData {
  return {
    fromS: 100,
    toS: 160,
    columns: toPixelColumns(timelineOf(...readings).since(0), [], 1),
    limitBytes: null,
    cells: [CELL],
    ...changes
  };
}

/**
 * A chart of 300 by 200 pixels on the page, and what it did.
 */
export class Stage {
  constructor() {
    this.host.tabIndex = 0;
    this.resize(300, 200);
    document.body.append(this.host);
  }

  readonly context: FakeContext = fakeCanvas();
  readonly host = document.createElement('div');
  readonly reads: number[] = [];
  readonly drawn: MemoryChart.IDrawn[] = [];
  readonly opened: string[] = [];
  data: IChartData | null = dataOf();

  readonly view = new View({
    extent: () => ({ fromS: 0, toS: 160 }),
    rangeS: () => 60,
    onChange: () => {
      this.data = dataOf(READINGS, this.view.window);
      this.chart.update();
    }
  });

  readonly chart = new MemoryChart(this.host, {
    read: columnCount => {
      this.reads.push(columnCount);
      return this.data;
    },
    view: this.view,
    onDrawn: each => this.drawn.push(each),
    onOpen: cellId => this.opened.push(cellId),
    trans
  });

  resize(width: number, height: number): void {
    Object.defineProperties(this.host, {
      clientWidth: { value: width, configurable: true },
      clientHeight: { value: height, configurable: true }
    });
  }

  async show(data = this.data): Promise<void> {
    this.data = data;
    this.chart.update();
    await frame();
    this._place();
  }

  get area(): HTMLElement {
    return part(this.host, '.u-over');
  }

  mouse(type: string, share: number, init: MouseEventInit = {}): void {
    const { area } = this;
    const event = new MouseEvent(type, {
      clientX: share * area.clientWidth,
      clientY: 10,
      bubbles: true,
      detail: 1,
      // uPlot ignores a move to the same place.
      movementX: 1,
      ...init
    });
    area.dispatchEvent(event);
  }

  /** Move the mouse to a share of the chart's width. */
  pointAt(share: number): void {
    this.mouse('mouseenter', share);
    this.mouse('mousemove', share);
  }

  clickAt(share: number): void {
    this.pointAt(share);
    this.mouse('mousedown', share);
    this.mouse('mouseup', share);
    this.mouse('click', share);
  }

  /** Press a key; returns whether it is left to the page. */
  press(key: string, init: KeyboardEventInit = {}): boolean {
    return this.host.dispatchEvent(
      new KeyboardEvent('keydown', { key, cancelable: true, ...init })
    );
  }

  get readout(): string {
    return part(this.host, '.jp-Memkit-readout').textContent;
  }

  get spoken(): string {
    return part(this.host, '[aria-live=polite]').textContent;
  }

  /** Give the area of the plot its place on the page, as a browser does. */
  private _place(): void {
    const area = this.host.querySelector<HTMLElement>('.u-over');
    if (!area) {
      return;
    }
    const width = parseFloat(area.style.width);
    const height = parseFloat(area.style.height);
    vi.spyOn(area, 'getBoundingClientRect').mockReturnValue(
      new DOMRect(0, 0, width, height)
    );
    Object.defineProperties(area, {
      clientWidth: { value: width, configurable: true },
      clientHeight: { value: height, configurable: true }
    });
  }
}

/** Let the next animation frame, and what it leads to, happen. */
export async function frame(): Promise<void> {
  await vi.advanceTimersByTimeAsync(50);
}

/**
 * Give every test of a file a stage of its own.
 */
export function useStage(): () => Stage {
  let stage: Stage;
  beforeEach(() => {
    vi.useFakeTimers();
    stage = new Stage();
  });
  afterEach(() => {
    stage.chart.destroy();
    document.body.replaceChildren();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
  return () => stage;
}
