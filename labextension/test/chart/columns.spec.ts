import { describe, expect, it } from 'vitest';

import { toPixelColumns } from '../../src/chart/columns';
import { Timeline } from '../../src/model/timeline';
import { seeded, timelineOf } from './history';

describe('toPixelColumns', () => {
  it('joins the readings of one column, with the lowest and the highest', () => {
    const readings = timelineOf(
      { tS: 10, rssBytes: 5, peakBytes: 5, childrenBytes: 1, gpuBytes: 2 },
      { tS: 11, rssBytes: 2, peakBytes: 9, childrenBytes: 3, gpuBytes: 1 },
      { tS: 14, rssBytes: 4 },
      { tS: 21, rssBytes: 7 }
    ).since(0);
    expect(toPixelColumns(readings, [], 10)).toEqual({
      tS: [14, 21],
      lowBytes: [2, 7],
      highBytes: [5, 7],
      peakBytes: [9, 7],
      togetherBytes: [6, 7],
      childrenBytes: [3, 0],
      gpuBytes: [2, 0]
    });
  });

  it('counts columns from time 0, so that the past does not flicker', () => {
    const timeline = timelineOf(
      ...[3, 12, 17, 24, 31].map(tS => ({ tS, rssBytes: tS }))
    );
    const whole = toPixelColumns(timeline.since(0), [], 10);
    const later = toPixelColumns(timeline.since(20), [], 10);
    expect(whole.tS).toEqual([3, 17, 24, 31]);
    expect(later.tS).toEqual([17, 24, 31]);
  });

  it.each([
    ['between two columns', 20, [10, 20, 30]],
    ['within a column', 10.5, [10, 10.5, 11, 30]]
  ])('leaves a gap where a process ended: %s', (_name, breakS, expected) => {
    const times = breakS === 20 ? [10, 30] : [10, 11, 30];
    const readings = timelineOf(
      ...times.map(tS => ({ tS, rssBytes: 8 }))
    ).since(0);
    const { tS, lowBytes, highBytes, peakBytes } = toPixelColumns(
      readings,
      [breakS],
      5
    );
    const values = expected.map(each => (each === breakS ? null : 8));
    expect(tS).toEqual(expected);
    // Nothing rather than 0, which would be a false figure.
    expect(lowBytes).toEqual(values);
    expect(highBytes).toEqual(values);
    expect(peakBytes).toEqual(values);
  });

  it('leaves one gap where nothing was read between two ends', () => {
    const readings = timelineOf(
      { tS: 10, rssBytes: 8 },
      { tS: 30, rssBytes: 9 }
    ).since(0);
    expect(toPixelColumns(readings, [12, 20], 5).lowBytes).toEqual([
      8,
      null,
      9
    ]);
  });

  it('ends with the last reading of a process that ended', () => {
    const readings = timelineOf({ tS: 10, rssBytes: 8 }).since(0);
    expect(toPixelColumns(readings, [5, 12], 5).lowBytes).toEqual([8]);
  });

  it('has nothing of no readings', () => {
    const { tS } = toPixelColumns(new Timeline().since(0), [3], 5);
    expect(tS).toEqual([]);
  });

  const SEEDS = Array.from({ length: 25 }, (_, index) => index + 1);

  it.each(SEEDS)(
    'loses no spike of a random history, up or down (seed %i)',
    seed => {
      const random = seeded(seed);
      let tS = 1000 * random();
      const all = Array.from({ length: 500 }, () => {
        tS += random() < 0.02 ? 60 * random() : random();
        const rssBytes = Math.round(1e9 * random() ** 8);
        const isSpike = random() < 0.1;
        const peakBytes = isSpike
          ? rssBytes + Math.round(1e9 * random())
          : rssBytes;
        return {
          tS,
          rssBytes,
          peakBytes,
          childrenBytes: Math.round(1e6 * random()),
          gpuBytes: Math.round(1e6 * random())
        };
      });
      const breaksS = Array.from({ length: 4 }, () => tS * random()).sort(
        (a, b) => a - b
      );
      const columnS = 0.5 + 20 * random();
      const columns = toPixelColumns(
        timelineOf(...all).since(0),
        breaksS,
        columnS
      );
      const lost = all.filter(reading => {
        const at = columns.tS.findIndex(
          (columnEndS, index) =>
            columnEndS >= reading.tS && columns.lowBytes[index] !== null
        );
        const valueOf = (values: readonly (number | null)[]): number =>
          values[at] ?? NaN;
        const togetherBytes = reading.rssBytes + reading.childrenBytes;
        const isThere =
          valueOf(columns.lowBytes) <= reading.rssBytes &&
          valueOf(columns.highBytes) >= reading.rssBytes &&
          valueOf(columns.peakBytes) >= reading.peakBytes &&
          valueOf(columns.togetherBytes) >= togetherBytes &&
          valueOf(columns.gpuBytes) >= reading.gpuBytes;
        // In the column of its time, no later.
        const isInTime =
          Math.floor(valueOf(columns.tS) / columnS) ===
          Math.floor(reading.tS / columnS);
        return !(isThere && isInTime);
      });
      expect(lost).toEqual([]);
      // What is drawn was read.
      const read = new Set(all.map(reading => reading.rssBytes));
      const invented = [...columns.lowBytes, ...columns.highBytes].filter(
        bytes => bytes !== null && !read.has(bytes)
      );
      expect(invented).toEqual([]);
      expect(columns.tS).toEqual([...columns.tS].sort((a, b) => a - b));
    }
  );
});
