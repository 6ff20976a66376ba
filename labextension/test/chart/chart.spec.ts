import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { MemoryChart } from '../../src/chart/chart';
import { toPixelColumns } from '../../src/chart/columns';
import { fade } from '../../src/chart/palette';
import type { ICellSpan, IChartData } from '../../src/chart/series';
import { View } from '../../src/chart/view';
import type { FakeContext } from '../fakes/canvas';
import { fakeCanvas } from '../fakes/canvas';
import { part } from '../fakes/render';
import { trans } from '../fakes/trans';
import type { IReadingChange } from './history';
import { MEBIBYTE, timelineOf } from './history';

const READINGS: IReadingChange[] = [
  { tS: 100, rssBytes: 80 * MEBIBYTE },
  { tS: 115, rssBytes: 100 * MEBIBYTE, peakBytes: 200 * MEBIBYTE },
  { tS: 160, rssBytes: 120 * MEBIBYTE }
];

const CELL: ICellSpan = {
  executionCount: 5,
  cellId: 'cell-5',
  fromS: 110,
  toS: 130,
  peakBytes: 300 * MEBIBYTE,
  isRunning: false
};

let context: FakeContext;
let host: HTMLElement;
let data: IChartData | null;
let reads: number[];
let drawn: MemoryChart.IDrawn[];
let opened: string[];
let view: View;
let chart: MemoryChart;

function dataOf(
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

beforeEach(() => {
  vi.useFakeTimers();
  context = fakeCanvas();
  host = document.createElement('div');
  host.tabIndex = 0;
  Object.defineProperty(host, 'clientWidth', { value: 300, writable: true });
  Object.defineProperty(host, 'clientHeight', { value: 200, writable: true });
  document.body.append(host);
  data = dataOf();
  reads = [];
  drawn = [];
  opened = [];
  view = new View({
    extent: () => ({ fromS: 0, toS: 160 }),
    rangeS: () => 60,
    onChange: () => {
      const { fromS, toS } = view.window;
      data = dataOf(READINGS, { fromS, toS });
      chart.update();
    }
  });
  chart = new MemoryChart(host, {
    read: columnCount => {
      reads.push(columnCount);
      return data;
    },
    view,
    onDrawn: each => drawn.push(each),
    onOpen: cellId => opened.push(cellId),
    trans
  });
});

afterEach(() => {
  chart.destroy();
  document.body.replaceChildren();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Let the next animation frame, and what it leads to, happen. */
async function frame(): Promise<void> {
  await vi.advanceTimersByTimeAsync(50);
}

async function show(shown: IChartData | null = data): Promise<void> {
  data = shown;
  chart.update();
  await frame();
}

/** The area of the plot, placed on the page as a browser does. */
function area(): HTMLElement {
  const over = part(host, '.u-over');
  const width = parseFloat(over.style.width);
  const height = parseFloat(over.style.height);
  vi.spyOn(over, 'getBoundingClientRect').mockReturnValue(
    new DOMRect(0, 0, width, height)
  );
  Object.defineProperty(over, 'clientWidth', { value: width });
  Object.defineProperty(over, 'clientHeight', { value: height });
  return over;
}

function mouse(type: string, share: number, init: MouseEventInit = {}): void {
  const over = area();
  const clientX = share * parseFloat(over.style.width);
  const event = new MouseEvent(type, {
    clientX,
    clientY: 10,
    bubbles: true,
    detail: 1,
    // uPlot ignores a move that is none.
    movementX: 1,
    ...init
  });
  over.dispatchEvent(event);
}

/** Move the mouse to a share of the chart's width. */
function pointAt(share: number): void {
  mouse('mouseenter', share);
  mouse('mousemove', share);
}

function clickAt(share: number): void {
  mouse('mousedown', share);
  mouse('mouseup', share);
  mouse('click', share);
}

function press(key: string, shiftKey = false): boolean {
  return host.dispatchEvent(
    new KeyboardEvent('keydown', { key, shiftKey, cancelable: true })
  );
}

function readout(): string {
  return part(host, '.jp-Memkit-readout').textContent;
}

function spoken(): string {
  return part(host, '[aria-live=polite]').textContent;
}

describe('MemoryChart', () => {
  it('reads and draws once for many changes in a frame', async () => {
    for (let change = 0; change < 5; change += 1) {
      chart.update();
    }
    expect(host.querySelectorAll('canvas').length).toBe(0);
    await frame();
    expect(host.querySelectorAll('canvas').length).toBe(1);
    expect(reads).toEqual([300]);
  });

  it('shades the cells in tints that differ, and names them', async () => {
    await show(
      dataOf(READINGS, {
        cells: [
          CELL,
          { ...CELL, executionCount: 6, fromS: 130, toS: 150 },
          { ...CELL, executionCount: 7, fromS: 150, toS: 150.1 }
        ]
      })
    );
    expect(context.drawn('fillRect').length).toBe(3);
    const labels = context.drawn('fillText').map(([label]) => label);
    expect(labels).toEqual(expect.arrayContaining(['[5]', '[6]']));
    // There is no room for it.
    expect(labels).not.toContain('[7]');
  });

  it('marks the limit by a dashed line', async () => {
    await show(dataOf(READINGS, { limitBytes: 400 * MEBIBYTE }));
    expect(context.drawn('setLineDash')).toContainEqual([[4, 3]]);
  });

  it.each([
    ['no child process ever was', 0, false],
    ['there was one', MEBIBYTE, true]
  ])('draws their area only if: %s', async (_name, childrenBytes, isDrawn) => {
    await show(dataOf(READINGS.map(each => ({ ...each, childrenBytes }))));
    // The theme of this page has no colours; the opacity identifies the area.
    const colours = context.drawn('fill').flat();
    expect(colours.includes('rgba(0, 0, 0, 0.32)')).toBe(isDrawn);
    expect(colours).toContain('rgba(0, 0, 0, 0.28)');
    expect(drawn.at(-1)).toEqual({ hasChildren: isDrawn, hasGpu: false });
  });

  it('draws the memory on GPUs unless it is hidden', async () => {
    const dashes = (): unknown[][] =>
      context.drawn('setLineDash').filter(([dash]) => String(dash) === '5,3');
    await show(dataOf(READINGS.map(each => ({ ...each, gpuBytes: MEBIBYTE }))));
    expect(drawn.at(-1)?.hasGpu).toBe(true);
    expect(dashes().length).toBeGreaterThan(0);
    context.calls.length = 0;
    chart.showsGpu = false;
    await frame();
    expect(dashes()).toEqual([]);
  });

  it('begins to draw child processes when there are some', async () => {
    await show();
    context.calls.length = 0;
    await show(
      dataOf(READINGS.map(each => ({ ...each, childrenBytes: MEBIBYTE })))
    );
    expect(context.drawn('fill').flat()).toContain('rgba(0, 0, 0, 0.32)');
  });

  it('describes the column under the cursor, and updates it', async () => {
    await show();
    pointAt(0.25);
    await frame();
    expect(readout()).toMatch(/100\.0 MiB · highest 200\.0 MiB · \[5\]$/);
    await show(dataOf([{ tS: 115, rssBytes: 7 * MEBIBYTE }]));
    expect(readout()).toMatch(/ · 7\.0 MiB · \[5\]$/);
    mouse('mouseleave', 0.25);
    await frame();
    expect(readout()).toBe('');
  });

  it('does not read aloud what the mouse points at', async () => {
    await show();
    pointAt(0.25);
    await frame();
    expect(spoken()).toBe('');
  });

  it('draws nothing, and reads nothing, if there is no room', async () => {
    Object.defineProperty(host, 'clientWidth', { value: 0 });
    await show();
    expect(host.querySelector('canvas')).toBeNull();
    expect(reads).toEqual([]);
  });

  it('fills its element when that changes', async () => {
    await show();
    Object.defineProperty(host, 'clientWidth', { value: 480 });
    Object.defineProperty(host, 'clientHeight', { value: 333 });
    await show();
    const { style } = part(host, '.u-wrap');
    expect([style.width, style.height]).toEqual(['480px', '333px']);
    expect(reads).toEqual([300, 480]);
  });

  it('shows empty axes without any data', async () => {
    await show(null);
    expect(host.querySelectorAll('canvas').length).toBe(1);
    await show(dataOf([], { cells: [] }));
    await show(dataOf());
    expect(context.drawn('fillRect').length).toBeGreaterThan(0);
  });

  it('uses the colours of a new theme', async () => {
    await show();
    const before = host.querySelector('canvas');
    document.body.dataset['jpThemeName'] = 'Dark';
    await frame();
    const after = host.querySelector('canvas');
    expect(after).not.toBeNull();
    expect(after).not.toBe(before);
  });

  it('empties its element and stops drawing', async () => {
    await show();
    chart.update();
    chart.destroy();
    press('Home');
    await frame();
    expect(host.innerHTML).toBe('');
    expect(reads.length).toBe(1);
  });
});

describe('The mouse', () => {
  it('selects a range by dragging', async () => {
    await show();
    pointAt(0.25);
    mouse('mousedown', 0.25);
    mouse('mousemove', 0.75);
    await frame();
    mouse('mouseup', 0.75);
    await frame();
    expect(view.window.fromS).toBeCloseTo(115);
    expect(view.window.toS).toBeCloseTo(145);
    expect(part(host, '.u-select').style.width).toBe('0px');
    expect(opened).toEqual([]);
  });

  it('pans by dragging with Shift, and selects nothing', async () => {
    await show();
    mouse('mousedown', 0.5, { shiftKey: true });
    mouse('mousemove', 0.75, { shiftKey: true });
    mouse('mouseup', 0.75, { shiftKey: true });
    mouse('mousemove', 0.9);
    expect(view.window.fromS).toBeCloseTo(85);
    expect(view.window.toS).toBeCloseTo(145);
    mouse('click', 0.75, { shiftKey: true });
    await frame();
    expect(opened).toEqual([]);
  });

  it.each([
    ['zooms in around the pointer', 0, -500, 118.96, 141.04],
    ['zooms out', 0, 200, 70.53, 160],
    ['pans if it is horizontal', -57.5, 0, 85, 145]
  ])('%s by the wheel', async (_name, deltaX, deltaY, fromS, toS) => {
    await show();
    const over = area();
    const clientX = 0.5 * parseFloat(over.style.width);
    const event = new WheelEvent('wheel', { deltaX, deltaY, cancelable: true });
    // The page of the tests has no place for a wheel.
    Object.defineProperty(event, 'clientX', { value: clientX });
    over.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
    expect(view.window.fromS).toBeCloseTo(fromS, 1);
    expect(view.window.toS).toBeCloseTo(toS, 1);
  });

  it('opens the cell of a band', async () => {
    await show();
    pointAt(0.3);
    clickAt(0.3);
    await frame();
    expect(opened).toEqual(['cell-5']);
  });

  it('opens nothing beside the bands', async () => {
    await show();
    pointAt(0.9);
    clickAt(0.9);
    await frame();
    expect(opened).toEqual([]);
  });

  it('shows that a band leads somewhere', async () => {
    await show();
    pointAt(0.3);
    await frame();
    expect(area().classList.contains('jp-mod-link')).toBe(true);
    pointAt(0.9);
    await frame();
    expect(area().classList.contains('jp-mod-link')).toBe(false);
  });

  it('returns to the present by a double click, and opens no cell', async () => {
    view.select(100, 130);
    await frame();
    pointAt(0.5);
    clickAt(0.5);
    mouse('click', 0.5, { detail: 2 });
    mouse('dblclick', 0.5, { detail: 2 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(view.isLive).toBe(true);
    expect(opened).toEqual([]);
  });
});

describe('The keyboard', () => {
  it.each([
    ['ArrowLeft', 88, 148],
    ['+', 124, 160],
    ['=', 124, 160],
    ['-', 60, 160],
    ['Home', 0, 60]
  ])('moves the view by %s', async (key, fromS, toS) => {
    await show();
    expect(press(key)).toBe(false);
    expect(view.window.fromS).toBeCloseTo(fromS);
    expect(view.window.toS).toBeCloseTo(toS);
  });

  it('pans to the right', async () => {
    view.select(0, 60);
    await frame();
    press('ArrowRight');
    expect(view.window).toEqual({ fromS: 12, toS: 72 });
  });

  it.each(['End', 'Escape'])('returns to the present by %s', async key => {
    view.select(0, 60);
    await frame();
    press(key);
    expect(view.isLive).toBe(true);
  });

  it('leaves other keys, and shortcuts, to the page', async () => {
    await show();
    expect(press('a')).toBe(true);
    const shortcut = new KeyboardEvent('keydown', {
      key: 'Home',
      ctrlKey: true,
      cancelable: true
    });
    expect(host.dispatchEvent(shortcut)).toBe(true);
    expect(view.isLive).toBe(true);
  });

  it('moves a cursor, whose column is read aloud', async () => {
    await show();
    area();
    press('ArrowLeft', true);
    await frame();
    expect(spoken()).toMatch(/ · 120\.0 MiB$/);
    for (let step = 0; step < 100; step += 1) {
      press('ArrowLeft', true);
    }
    expect(spoken()).toMatch(/ · 80\.0 MiB$/);
    press('ArrowRight', true);
    expect(chart.cursorS).toBeGreaterThan(100);
  });

  it('goes from cell to cell, and opens one', async () => {
    const cells = [
      { ...CELL, cellId: 'cell-4', executionCount: 4, fromS: 100, toS: 105 },
      CELL,
      { ...CELL, cellId: 'cell-6', executionCount: 6, fromS: 140, toS: 150 }
    ];
    await show(dataOf(READINGS, { cells }));
    area();
    for (const key of ['Enter', 'ArrowUp', 'Enter', 'ArrowUp', 'Enter']) {
      press(key);
    }
    press('ArrowUp');
    press('ArrowUp');
    press('Enter');
    press('ArrowDown');
    press('Enter');
    expect(opened).toEqual(['cell-6', 'cell-5', 'cell-4', 'cell-5']);
    expect(spoken()).toMatch(/\[5\]$/);
  });

  it('hides the cursor when the focus leaves', async () => {
    await show();
    area();
    press('ArrowUp');
    expect(chart.cursorS).not.toBeNull();
    host.dispatchEvent(new FocusEvent('blur'));
    expect(chart.cursorS).toBeNull();
    expect(spoken()).toBe('');
  });
});

describe('fade', () => {
  it.each([
    ['#102030', 'rgba(16, 32, 48, 0.5)'],
    ['rgba(0, 0, 0, 0.5)', 'rgba(0, 0, 0, 0.25)']
  ])('makes %s translucent', (colour, faded) => {
    expect(fade(colour, 0.5)).toBe(faded);
  });
});
