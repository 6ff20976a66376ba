import * as React from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { scaleTop } from '../../src/chart/axes';
import { MemoryChart } from '../../src/chart/chart';
import { Chart } from '../../src/chart/section';
import { fade } from '../../src/chart/palette';
import type { IChartData } from '../../src/chart/series';
import { togetherOf } from '../../src/chart/series';
import type { FakeContext } from '../fakes/canvas';
import { fakeCanvas } from '../fakes/canvas';
import { click, part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

const MEBIBYTE = 1024 ** 2;
const CELL = {
  executionCount: 5,
  cellId: null,
  firstLine: 'a = 1',
  startedS: 110,
  beforeBytes: 80 * MEBIBYTE,
  peakBytes: 300 * MEBIBYTE,
  exact: true
};

function data(changes: Partial<IChartData> = {}): IChartData {
  return {
    fromS: 100,
    toS: 160,
    tS: [100, 115, 160],
    rssBytes: [80, 100, 120].map(size => size * MEBIBYTE),
    peakBytes: [80, 200, 120].map(size => size * MEBIBYTE),
    childrenBytes: [0, 0, 0],
    limitBytes: null,
    cells: [
      {
        ...CELL,
        durationS: 20,
        afterBytes: 100 * MEBIBYTE,
        childrenBeforeBytes: 0,
        childrenPeakBytes: 0,
        childrenExact: true,
        gcS: 0,
        majorFaults: 0,
        peakLine: null,
        error: null
      }
    ],
    running: null,
    ...changes
  };
}

let context: FakeContext;
let host: HTMLElement;

beforeEach(() => {
  vi.useFakeTimers();
  context = fakeCanvas();
  host = document.createElement('div');
  Object.defineProperty(host, 'clientWidth', { value: 300, writable: true });
  document.body.append(host);
});

afterEach(() => {
  document.body.replaceChildren();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Let the next animation frame, and what it leads to, happen. */
async function frame(): Promise<void> {
  await vi.advanceTimersByTimeAsync(50);
}

/** Move the mouse to a share of the chart's width. */
function pointAt(share: number): void {
  const over = part(host, '.u-over');
  const width = parseFloat(over.style.width);
  vi.spyOn(over, 'getBoundingClientRect').mockReturnValue(
    new DOMRect(0, 0, width, parseFloat(over.style.height))
  );
  over.dispatchEvent(new MouseEvent('mouseenter'));
  over.dispatchEvent(
    new MouseEvent('mousemove', { clientX: share * width, clientY: 10 })
  );
}

describe('MemoryChart', () => {
  it('draws many changes in one frame', async () => {
    const chart = new MemoryChart(host, trans);
    chart.draw(data());
    chart.draw(data());
    expect(host.querySelectorAll('canvas').length).toBe(0);
    await frame();
    expect(host.querySelectorAll('canvas').length).toBe(1);
    chart.destroy();
  });

  it('shades the cells, and marks their peaks', async () => {
    const chart = new MemoryChart(host, trans);
    chart.draw(data({ running: { ...CELL, startedS: 150 } }));
    await frame();
    expect(context.drawn('fillRect').length).toBe(2);
    chart.destroy();
  });

  it('draws the limit as a dashed line', async () => {
    const chart = new MemoryChart(host, trans);
    chart.draw(data({ limitBytes: 400 * MEBIBYTE }));
    await frame();
    expect(context.drawn('setLineDash')).toContainEqual([[4, 3]]);
    chart.destroy();
  });

  it.each([
    ['no child process ever was', [0, 0, 0], false],
    ['there was one', [0, MEBIBYTE, 0], true]
  ])('draws their area only if: %s', async (_name, childrenBytes, isDrawn) => {
    const chart = new MemoryChart(host, trans);
    chart.draw(data({ childrenBytes }));
    await frame();
    // The theme of this page has no colours; how faint it is tells the area.
    const colours = context.drawn('fill').flat();
    expect(colours.includes('rgba(0, 0, 0, 0.32)')).toBe(isDrawn);
    expect(colours).toContain('rgba(0, 0, 0, 0.28)');
    chart.destroy();
  });

  it.each([
    [[0, 0, 0], /^\d\d:\d\d:\d\d · 100\.0 MiB · \[5\]$/],
    [
      [0, 40 * MEBIBYTE, 0],
      / · 100\.0 MiB · child processes 40\.0 MiB · \[5\]$/
    ]
  ])('tells what is under the cursor', async (childrenBytes, expected) => {
    const chart = new MemoryChart(host, trans);
    chart.draw(data({ childrenBytes }));
    await frame();
    pointAt(0.25);
    await frame();
    expect(part(host, '.jp-Memkit-readout').textContent).toMatch(expected);
    chart.destroy();
  });

  it('draws nothing if there is no room', async () => {
    Object.defineProperty(host, 'clientWidth', { value: 0 });
    const chart = new MemoryChart(host, trans);
    chart.draw(data());
    await frame();
    expect(host.querySelector('canvas')).toBeNull();
    chart.destroy();
  });

  it('uses the colours of a new theme', async () => {
    const chart = new MemoryChart(host, trans);
    chart.draw(data());
    await frame();
    const before = host.querySelector('canvas');
    document.body.dataset['jpThemeName'] = 'Dark';
    await frame();
    const after = host.querySelector('canvas');
    expect(after).not.toBeNull();
    expect(after).not.toBe(before);
    chart.destroy();
  });

  it('empties its element and stops drawing', async () => {
    const chart = new MemoryChart(host, trans);
    chart.draw(data());
    await frame();
    chart.draw(data());
    chart.destroy();
    await frame();
    expect(host.innerHTML).toBe('');
  });
});

describe('togetherOf', () => {
  it('stacks the child processes on the kernel', () => {
    const childrenBytes = [0, 50, 400].map(size => size * MEBIBYTE);
    expect(togetherOf(data({ childrenBytes }))).toEqual(
      [80, 150, 520].map(size => size * MEBIBYTE)
    );
  });
});

describe('scaleTop', () => {
  it('has room for every peak', () => {
    expect(scaleTop(data())).toBeCloseTo(1.08 * 300 * MEBIBYTE);
  });

  it('has room for stacked child processes', () => {
    const childrenBytes = [0, 0, 400 * MEBIBYTE];
    expect(scaleTop(data({ childrenBytes }))).toBeCloseTo(
      1.08 * 520 * MEBIBYTE
    );
  });

  it('includes the limit if it is near', () => {
    const limitBytes = 400 * MEBIBYTE;
    expect(scaleTop(data({ limitBytes }))).toBeCloseTo(1.08 * limitBytes);
  });

  it('leaves out a distant limit', () => {
    const limitBytes = 4000 * MEBIBYTE;
    expect(scaleTop(data({ limitBytes }))).toBeCloseTo(1.08 * 300 * MEBIBYTE);
  });

  it('does not magnify noise', () => {
    const nothing = { cells: [], rssBytes: [], peakBytes: [], tS: [] };
    expect(scaleTop(data(nothing))).toBeCloseTo(1.08 * 64 * MEBIBYTE);
  });
});

describe('fade', () => {
  it.each([
    ['#102030', 'rgba(16, 32, 48, 0.5)'],
    ['rgba(0, 0, 0, 0.5)', 'rgba(0, 0, 0, 0.25)']
  ])('makes %s translucent', (colour, faded) => {
    expect(fade(colour, 0.5)).toBe(faded);
  });

  it('returns the colour unchanged if nothing can be drawn', () => {
    vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
    expect(fade('red', 0.5)).toBe('red');
  });
});

describe('Chart', () => {
  it('lets the user choose the range, and marks it', () => {
    const ranges: (number | null)[] = [];
    const shown = render(
      <Chart
        data={data()}
        rangeS={300}
        onRange={range => ranges.push(range)}
        trans={trans}
      />
    );
    const buttons = [...shown.querySelectorAll('button')];
    expect(buttons.map(button => button.textContent)).toEqual([
      '1 min',
      '5 min',
      '1 h',
      'All'
    ]);
    expect(part(shown, '[aria-pressed=true]').textContent).toBe('5 min');
    buttons.forEach(click);
    expect(ranges).toEqual([60, 300, 3600, null]);
  });

  it.each([
    [0, 'Memory over time'],
    [1, 'Memory over time, with child processes on top']
  ])('says in words what it draws', (bytes, expected) => {
    const shown = render(
      <Chart
        data={data({ childrenBytes: [0, bytes, 0] })}
        rangeS={null}
        onRange={() => undefined}
        trans={trans}
      />
    );
    expect(part(shown, '[role=img]').getAttribute('aria-label')).toBe(expected);
  });
});
