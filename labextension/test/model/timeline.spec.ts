import { describe, expect, it } from 'vitest';

import type { IColumns } from '../../src/model/timeline';
import { Timeline } from '../../src/model/timeline';
import { seeded } from '../chart/history';

/** Readings at these times; each reading is its time in bytes. */
function columns(...times: number[]): IColumns {
  return {
    tS: times,
    rssBytes: times,
    peakBytes: times,
    childrenBytes: times,
    gpuBytes: times
  };
}

/** Readings at these times, all of the same size. */
function level(bytes: number, ...times: number[]): IColumns {
  const values = times.map(() => bytes);
  return {
    tS: times,
    rssBytes: values,
    peakBytes: values,
    childrenBytes: values,
    gpuBytes: values
  };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

describe('Timeline', () => {
  it('is empty at first', () => {
    const timeline = new Timeline();
    expect([timeline.length, timeline.firstS, timeline.lastS]).toEqual([
      0, 0, 0
    ]);
    expect(timeline.since(0)).toMatchObject(columns());
  });

  it('keeps overlapping readings once', () => {
    const timeline = new Timeline();
    timeline.merge(columns(1, 2, 3));
    timeline.merge(columns(2, 3, 4));
    expect(timeline.since(0)).toMatchObject(columns(1, 2, 3, 4));
  });

  it('sorts in a late reading', () => {
    const timeline = new Timeline();
    timeline.merge(columns(1, 5));
    timeline.merge(columns(4, 2));
    expect(timeline.since(0)).toMatchObject(columns(1, 2, 4, 5));
  });

  it('has the later of two readings of a moment, and the extremes of both', () => {
    const timeline = new Timeline();
    timeline.merge({ ...columns(1), rssBytes: [20], peakBytes: [30] });
    timeline.merge({ ...columns(1), rssBytes: [10], peakBytes: [10] });
    expect(timeline.since(0)).toMatchObject({
      tS: [1],
      rssBytes: [10],
      lowBytes: [10],
      highBytes: [20],
      peakBytes: [30]
    });
  });

  it('ignores an empty list', () => {
    const timeline = new Timeline();
    timeline.merge(columns(1));
    timeline.merge(columns());
    expect(timeline.length).toBe(1);
  });

  it('adds up the kernel and its child processes', () => {
    const timeline = new Timeline();
    timeline.merge({ ...columns(1, 2), childrenBytes: [0, 40] });
    expect(timeline.since(0).togetherBytes).toEqual([1, 42]);
  });

  it('returns a range with the reading before it and the one after it', () => {
    const timeline = new Timeline();
    timeline.merge(columns(1, 2, 3, 4, 5));
    expect(timeline.since(3).tS).toEqual([2, 3, 4, 5]);
    expect(timeline.since(2.5, 3.5).tS).toEqual([2, 3, 4]);
    expect(timeline.since(9).tS).toEqual([5]);
  });

  it('never holds more than its capacity', () => {
    const timeline = new Timeline(8);
    for (const tS of range(1, 1001)) {
      timeline.merge(columns(tS));
      expect(timeline.length).toBeLessThanOrEqual(8);
    }
    expect(timeline.lastS).toBe(1000);
  });

  it('keeps the latest readings as they are', () => {
    const timeline = new Timeline(64);
    timeline.merge(columns(...range(1, 1000)));
    expect(timeline.since(984.5)).toMatchObject(columns(...range(984, 1000)));
  });

  it('becomes coarser with age without losing an extreme', () => {
    const timeline = new Timeline(4);
    timeline.merge({
      tS: [1, 2, 3, 4, 5],
      rssBytes: [5, 2, 7, 3, 1],
      peakBytes: [9, 2, 7, 3, 1],
      childrenBytes: [0, 8, 0, 0, 0],
      gpuBytes: [0, 0, 6, 0, 0]
    });
    const { lowBytes, highBytes, peakBytes, togetherBytes, gpuBytes } =
      timeline.since(0);
    expect(timeline.length).toBeLessThanOrEqual(4);
    expect(lowBytes[0]).toBe(2);
    expect(Math.max(...highBytes)).toBe(7);
    expect(Math.max(...peakBytes)).toBe(9);
    expect(Math.max(...togetherBytes)).toBe(10);
    expect(Math.max(...gpuBytes)).toBe(6);
  });

  it('becomes coarser evenly: the first hours are as fine as the later ones', () => {
    const timeline = new Timeline(1024);
    // Eight hours, four readings a second, added a minute at a time.
    for (const minute of range(0, 8 * 60)) {
      timeline.merge(
        columns(...range(0, 240).map(each => 60 * minute + each / 4))
      );
    }
    const { tS } = timeline.since(0);
    const gaps = tS.slice(1).map((each, index) => each - (tS[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual((8 * 3600) / 256);
    expect(timeline.firstS).toBeLessThan((8 * 3600) / 256);
  });

  it.each(range(1, 13))(
    'loses no spike, up or down, of a random history (seed %i)',
    seed => {
      const random = seeded(seed);
      const timeline = new Timeline(256);
      const spikes: { tS: number; bytes: number; isUp: boolean }[] = [];
      for (const tS of range(1, 3000)) {
        const isSpike = random() < 0.005;
        const isUp = random() < 0.5;
        // No two spikes are of one size.
        const bytes = isSpike ? (isUp ? 1e6 + tS : 1000 - tS / 10) : 5000;
        timeline.merge(level(bytes, tS));
        if (isSpike) {
          spikes.push({ tS, bytes, isUp });
        }
      }
      const kept = timeline.since(0);
      const slotS = Math.max(
        ...kept.tS.map((tS, index) => tS - (kept.tS[index - 1] ?? 0))
      );
      for (const { tS, bytes, isUp } of spikes) {
        const at = kept.tS.findIndex(each => each >= tS);
        const [low = NaN, peak = NaN] = [kept.lowBytes[at], kept.peakBytes[at]];
        expect(isUp ? peak : -low).toBeGreaterThanOrEqual(
          isUp ? bytes : -bytes
        );
        expect((kept.tS[at] ?? NaN) - tS).toBeLessThanOrEqual(slotS);
      }
      expect(Math.max(...kept.peakBytes)).toBe(
        Math.max(5000, ...spikes.map(({ bytes }) => bytes))
      );
      expect(Math.min(...kept.lowBytes)).toBe(
        Math.min(5000, ...spikes.map(({ bytes }) => bytes))
      );
    }
  );

  it('never joins readings of two processes', () => {
    const timeline = new Timeline(16);
    timeline.merge(level(900, ...range(1, 50)));
    timeline.breakAt(49.5);
    timeline.merge(level(10, ...range(50, 400)));
    const { tS, lowBytes, highBytes } = timeline.since(0);
    expect(timeline.length).toBeLessThanOrEqual(16);
    const isMixed = tS.map((_, index) => lowBytes[index] !== highBytes[index]);
    expect(isMixed).not.toContain(true);
    expect(highBytes).toContain(900);
    expect(timeline.breaksS).toEqual([49.5]);
  });

  it('survives more ends of a process than it can keep', () => {
    const timeline = new Timeline(16);
    for (const tS of range(1, 200)) {
      timeline.merge(columns(tS));
      timeline.breakAt(tS + 0.5);
    }
    expect(timeline.length).toBeLessThanOrEqual(16);
    expect(timeline.breaksS.at(-1)).toBe(199.5);
  });
});
