import { describe, expect, it } from 'vitest';

import { cellAt, layOutBands, middleOfNext } from '../../src/chart/bands';
import type { ICellSpan } from '../../src/chart/series';
import { seeded } from './history';

const NARROWEST_PX = 2;

function span(
  fromS: number,
  toS: number,
  changes: Partial<ICellSpan> = {}
): ICellSpan {
  return {
    fromS,
    toS,
    executionCount: 1,
    cellId: null,
    peakBytes: 0,
    isRunning: false,
    ...changes
  };
}

function bandsOf(...cells: ICellSpan[]) {
  return layOutBands(cells, tS => tS, NARROWEST_PX);
}

describe('layOutBands', () => {
  it('gives every cell its band, number and tint', () => {
    expect(
      bandsOf(
        span(0, 10, { executionCount: 1 }),
        span(10, 20, { executionCount: 2 }),
        span(30, 40, { executionCount: 3, isRunning: true })
      )
    ).toEqual([
      { left: 0, right: 10, tint: 'odd', label: '[1]' },
      { left: 10, right: 20, tint: 'even', label: '[2]' },
      { left: 30, right: 40, tint: 'running', label: '[3]' }
    ]);
  });

  it('keeps a cell of a millisecond visible', () => {
    expect(bandsOf(span(5, 5))).toMatchObject([{ left: 5, right: 7 }]);
  });

  it('makes narrow neighbours one band without a number', () => {
    const cells = Array.from({ length: 40 }, (_, index) =>
      span(index / 2, index / 2 + 0.4)
    );
    expect(bandsOf(...cells)).toEqual([
      { left: 0, right: 19.9, tint: 'odd', label: null }
    ]);
  });

  it('shows that one of narrow neighbours is running', () => {
    const bands = bandsOf(span(0, 1), span(2, 3, { isRunning: true }));
    expect(bands).toMatchObject([{ tint: 'running' }]);
  });

  it('does not join a narrow cell with a wide one', () => {
    const bands = bandsOf(span(0, 20), span(20, 20.5, { executionCount: 2 }));
    expect(bands.map(({ label }) => label)).toEqual(['[1]', '[2]']);
  });

  it('has no band for a cell within another', () => {
    const bands = bandsOf(span(0, 20), span(5, 6));
    expect(bands).toMatchObject([{ left: 0, right: 20 }]);
  });

  it('has no number for a cell that has none', () => {
    const [band] = bandsOf(span(0, 20, { executionCount: null }));
    expect(band?.label).toBeNull();
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
    'never shades a place twice, nor leaves a cell out (seed %i)',
    seed => {
      const random = seeded(seed);
      let fromS = 0;
      const cells = Array.from({ length: 300 }, (_, executionCount) => {
        fromS += random() < 0.5 ? 0 : 8 * random();
        return span(fromS, fromS + 30 * random() ** 6, { executionCount });
      });
      const bands = bandsOf(...cells);
      bands.forEach((band, index) => {
        const next = bands[index + 1];
        expect(band.right - band.left).toBeGreaterThan(NARROWEST_PX - 1e-9);
        expect(next?.left ?? Infinity).toBeGreaterThanOrEqual(band.right);
      });
      for (const cell of cells) {
        const isShaded = bands.some(
          ({ left, right }) => left <= cell.toS && cell.fromS <= right
        );
        expect(isShaded).toBe(true);
      }
    }
  );
});

describe('cellAt', () => {
  const cells = [span(0, 10), span(12, 13, { executionCount: 2 })];

  it.each([
    [5, 1],
    [10.5, 1],
    [11.5, 2],
    [12.5, 2],
    [15, undefined]
  ])('finds the cell at %d or close to it', (tS, expected) => {
    expect(cellAt(cells, tS, 1)?.executionCount).toBe(expected);
  });

  it('finds the later of two cells that meet', () => {
    const meeting = [span(0, 10), span(10, 20, { executionCount: 2 })];
    expect(cellAt(meeting, 10, 1)?.executionCount).toBe(2);
  });
});

describe('middleOfNext', () => {
  const cells = [span(0, 20), span(30, 40), span(50, 90)];
  const shown = { fromS: 10, toS: 70 };

  it.each<[number, 1 | -1, number | undefined]>([
    [25, 1, 35],
    [25, -1, 15],
    [70, -1, 60],
    [65, 1, undefined],
    [12, -1, undefined]
  ])('from %d in direction %d is that of what is shown', (atS, to, middleS) => {
    expect(middleOfNext(cells, shown, atS, to)).toBe(middleS);
  });
});
