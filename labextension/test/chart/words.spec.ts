import { describe, expect, it, vi } from 'vitest';

import { scaleTop } from '../../src/chart/axes';
import { toPixelColumns } from '../../src/chart/columns';
import { describeColumn } from '../../src/chart/describe';
import { fade } from '../../src/chart/palette';
import type { ICellSpan, IChartData } from '../../src/chart/series';
import { trans } from '../fakes/trans';
import type { IReadingChange } from './history';
import { MEBIBYTE, timelineOf } from './history';

const CELL: ICellSpan = {
  executionCount: 5,
  cellId: null,
  peakBytes: 300 * MEBIBYTE,
  fromS: 0,
  toS: 1,
  isRunning: false
};

function dataOf(
  readings: IReadingChange[],
  changes: Partial<IChartData> = {}
): IChartData {
  return {
    fromS: 0,
    toS: 100,
    columns: toPixelColumns(timelineOf(...readings).since(0), [], 10),
    limitBytes: null,
    cells: [CELL],
    ...changes
  };
}

describe('describeColumn', () => {
  it.each<[string, IReadingChange[], RegExp]>([
    [
      'one reading',
      [{ tS: 1, rssBytes: 100 * MEBIBYTE }],
      /^\d\d:\d\d:\d\d · 100\.0 MiB · \[5\]$/
    ],
    [
      'several readings',
      [
        { tS: 1, rssBytes: 100 * MEBIBYTE },
        { tS: 2, rssBytes: 40 * MEBIBYTE }
      ],
      / · 40\.0 MiB to 100\.0 MiB · \[5\]$/
    ],
    [
      'a spike between two readings',
      [{ tS: 1, rssBytes: MEBIBYTE, peakBytes: 9 * MEBIBYTE }],
      / · 1\.0 MiB · highest 9\.0 MiB · \[5\]$/
    ],
    [
      'child processes',
      [{ tS: 1, rssBytes: MEBIBYTE, childrenBytes: 2 * MEBIBYTE }],
      / · 1\.0 MiB · child processes 2\.0 MiB · \[5\]$/
    ],
    [
      'a GPU',
      [{ tS: 1, rssBytes: MEBIBYTE, gpuBytes: 3 * MEBIBYTE }],
      / · 1\.0 MiB · GPU 3\.0 MiB · \[5\]$/
    ]
  ])('describes %s', (_name, readings, expected) => {
    expect(describeColumn(dataOf(readings), 0, CELL, trans)).toMatch(expected);
  });

  it('names no cell where none ran', () => {
    const data = dataOf([{ tS: 1, rssBytes: MEBIBYTE }]);
    expect(describeColumn(data, 0, null, trans)).toMatch(/1\.0 MiB$/);
  });

  it.each([null, 1, 9])('says nothing where nothing was read (%s)', index => {
    const data = dataOf([
      { tS: 1, rssBytes: 1 },
      { tS: 20, rssBytes: 1 }
    ]);
    data.columns.lowBytes[1] = null;
    expect(describeColumn(data, index, CELL, trans)).toBe('');
  });
});

describe('scaleTop', () => {
  const readings = [
    { tS: 1, rssBytes: 80 * MEBIBYTE },
    { tS: 20, rssBytes: 120 * MEBIBYTE, peakBytes: 200 * MEBIBYTE }
  ];

  it.each<[string, IReadingChange[], Partial<IChartData>, number]>([
    ['the highest of every cell', readings, {}, 300],
    ['every spike', readings, { cells: [] }, 200],
    [
      'stacked child processes',
      [{ tS: 1, rssBytes: 120 * MEBIBYTE, childrenBytes: 400 * MEBIBYTE }],
      {},
      520
    ],
    [
      'the memory on GPUs',
      [{ tS: 1, rssBytes: 1, gpuBytes: 700 * MEBIBYTE }],
      {},
      700
    ],
    ['a limit that is near', readings, { limitBytes: 400 * MEBIBYTE }, 400]
  ])('has room for %s', (_name, given, changes, expected) => {
    const top = scaleTop(dataOf(given, changes), true);
    expect(top).toBeCloseTo(1.08 * expected * MEBIBYTE);
  });

  it.each<[string, IReadingChange[], Partial<IChartData>, number]>([
    ['a distant limit', readings, { limitBytes: 4000 * MEBIBYTE }, 300],
    [
      'GPUs that are not shown',
      [{ tS: 1, rssBytes: 1, gpuBytes: 700 * MEBIBYTE }],
      {},
      300
    ]
  ])('leaves out %s', (_name, given, changes, expected) => {
    const top = scaleTop(dataOf(given, changes), false);
    expect(top).toBeCloseTo(1.08 * expected * MEBIBYTE);
  });

  it('does not magnify noise', () => {
    const top = scaleTop(dataOf([], { cells: [] }), true);
    expect(top).toBeCloseTo(1.08 * 64 * MEBIBYTE);
  });
});

describe('fade', () => {
  it('returns the colour unchanged if nothing can be drawn', () => {
    vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
    expect(fade('red', 0.5)).toBe('red');
    vi.restoreAllMocks();
  });
});
