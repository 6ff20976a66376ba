import { describe, expect, it } from 'vitest';

import { Timeline } from '../../src/model/timeline';

/** Readings at these times; each reading is its time in bytes. */
function columns(...times: number[]) {
  return {
    tS: times,
    rssBytes: times,
    peakBytes: times,
    childrenBytes: times
  };
}

describe('Timeline', () => {
  it('is empty at first', () => {
    const timeline = new Timeline();
    expect([timeline.length, timeline.firstS, timeline.lastS]).toEqual([
      0, 0, 0
    ]);
    expect(timeline.since(0)).toEqual(columns());
  });

  it('keeps overlapping readings once', () => {
    const timeline = new Timeline();
    timeline.merge(columns(1, 2, 3));
    timeline.merge(columns(2, 3, 4));
    expect(timeline.since(0)).toEqual(columns(1, 2, 3, 4));
  });

  it('sorts in a late reading', () => {
    const timeline = new Timeline();
    timeline.merge(columns(1, 5));
    timeline.merge(columns(4, 2));
    expect(timeline.since(0)).toEqual(columns(1, 2, 4, 5));
  });

  it('keeps the later of two readings of a moment', () => {
    const timeline = new Timeline();
    timeline.merge({ ...columns(1), rssBytes: [10] });
    timeline.merge({ ...columns(1), rssBytes: [20] });
    expect(timeline.since(0)).toEqual({ ...columns(1), rssBytes: [20] });
  });

  it('ignores an empty list', () => {
    const timeline = new Timeline();
    timeline.merge(columns(1));
    timeline.merge(columns());
    expect(timeline.length).toBe(1);
  });

  it('returns a range with the reading before it', () => {
    const timeline = new Timeline();
    timeline.merge(columns(1, 2, 3, 4));
    expect(timeline.since(3)).toEqual(columns(2, 3, 4));
  });

  it('never holds more than its capacity', () => {
    const timeline = new Timeline(8);
    for (let tS = 1; tS <= 1000; tS += 1) {
      timeline.merge(columns(tS));
      expect(timeline.length).toBeLessThanOrEqual(8);
    }
    expect(timeline.lastS).toBe(1000);
  });

  it('becomes coarser with age without losing a peak', () => {
    const timeline = new Timeline(4);
    timeline.merge({
      tS: [1, 2, 3, 4, 5],
      rssBytes: [1, 1, 1, 1, 1],
      peakBytes: [9, 1, 1, 1, 1],
      childrenBytes: [1, 2, 3, 4, 5]
    });
    expect(timeline.since(0)).toEqual({
      tS: [2, 3, 4, 5],
      rssBytes: [1, 1, 1, 1],
      peakBytes: [9, 1, 1, 1],
      childrenBytes: [2, 3, 4, 5]
    });
  });
});
