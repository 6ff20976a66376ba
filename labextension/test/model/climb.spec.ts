import { describe, expect, it } from 'vitest';

import { secondsToFull } from '../../src/model/climb';
import type { IReading } from '../../src/model/readings';
import { Timeline } from '../../src/model/timeline';

const MEBIBYTE = 1024 ** 2;
const LIMIT = 1000 * MEBIBYTE;

/**
 * A history in MiB, four readings a second up to the time 1000, and its last reading.
 */
function history(
  sizes: number[],
  { children = 0, otherBytes = 0, stepS = 0.25 } = {}
): [Timeline, IReading] {
  const timeline = new Timeline();
  const tS = sizes.map((_size, index) => 1000 - stepS * index).reverse();
  const rssBytes = sizes.map(size => size * MEBIBYTE * (1 - children));
  const childrenBytes = sizes.map(size => size * MEBIBYTE * children);
  const gpuBytes = sizes.map(() => 0);
  timeline.merge({
    tS,
    rssBytes,
    peakBytes: rssBytes,
    childrenBytes,
    gpuBytes
  });
  const size = sizes.at(-1) ?? 0;
  const reading: IReading = {
    tS: 1000,
    rssBytes: rssBytes.at(-1) ?? 0,
    childrenBytes: childrenBytes.at(-1) ?? 0,
    gauge: {
      limitBytes: LIMIT,
      usedBytes: size * MEBIBYTE + otherBytes,
      name: 'cgroup memory.max',
      covers: 'container'
    },
    source: 'kernel'
  };
  return [timeline, reading];
}

/** Sizes from a function of the time in seconds. */
function sizes(at: (tS: number) => number, lengthS = 10): number[] {
  return Array.from({ length: 4 * lengthS + 1 }, (_unused, index) =>
    at(index / 4)
  );
}

describe('secondsToFull', () => {
  it('divides what is left by a steady growth', () => {
    // 20 MiB a second, 300 MiB at the end.
    const leftS = secondsToFull(...history(sizes(tS => 100 + 20 * tS)));
    expect(leftS).toBeCloseTo(700 / 20, 5);
  });

  it('counts the growth of child processes', () => {
    const grown = sizes(tS => 100 + 20 * tS);
    const leftS = secondsToFull(...history(grown, { children: 0.5 }));
    expect(leftS).toBeCloseTo(700 / 20, 5);
  });

  it('leaves less time if other programs use a part of the limit', () => {
    const grown = sizes(tS => 100 + 20 * tS);
    const leftS = secondsToFull(
      ...history(grown, { otherBytes: 500 * MEBIBYTE })
    );
    expect(leftS).toBeCloseTo(200 / 20, 5);
  });

  it('is zero at the limit, and never negative beyond it', () => {
    const grown = sizes(tS => 1500 + 20 * tS);
    expect(secondsToFull(...history(grown))).toBe(0);
  });

  it('leaves out what grew before the running cell', () => {
    const grown = sizes(tS => 100 + 20 * Math.min(tS, 8.5));
    const [timeline, reading] = history(grown);
    expect(secondsToFull(timeline, reading)).not.toBeNull();
    expect(secondsToFull(timeline, reading, 998.5)).toBeNull();
    const stillGrown = history(sizes(tS => 100 + 20 * tS));
    expect(secondsToFull(...stillGrown, 998.5)).toBeCloseTo(700 / 20, 5);
  });

  it('uses the growth of the last five seconds', () => {
    // Slow at first, then 40 MiB a second.
    const grown = sizes(tS => 100 + (tS < 5 ? 0 : 40 * (tS - 5)));
    const leftS = secondsToFull(...history(grown));
    expect(leftS).toBeCloseTo(700 / 40, 5);
  });

  it('does not overestimate a growth that fluctuates', () => {
    const grown = sizes(tS => 100 + 20 * tS + (Math.round(4 * tS) % 2) * 50);
    const leftS = secondsToFull(...history(grown));
    expect(leftS).toBeGreaterThanOrEqual(700 / 20);
    expect(leftS).toBeLessThan(2 * (700 / 20));
  });

  it.each<[string, (tS: number) => number]>([
    ['is flat', () => 500],
    ['falls', tS => 900 - 20 * tS],
    ['grows by less than 16 MiB', tS => 500 + 3 * tS],
    ['grew, and is flat again', tS => Math.min(500, 100 + 100 * tS)],
    ['made one step', tS => (tS < 8 ? 100 : 700)],
    ['made one step just now', tS => (tS < 10 ? 100 : 700)],
    ['comes and goes', tS => 100 + 600 * (Math.round(4 * tS) % 2)],
    ['comes and goes slowly', tS => 100 + 600 * (Math.round(tS) % 2)],
    ['is noisy', tS => 500 + 7 * Math.sin(1000 * tS)]
  ])('is unknown while memory %s', (_name, at) => {
    // At each of the last readings, not only at a lucky one.
    const all = sizes(at);
    const found = [0, 1, 2, 3]
      .map(left => all.slice(0, all.length - left))
      .map(until => secondsToFull(...history(until)));
    expect(found).toEqual([null, null, null, null]);
  });

  it('is unknown if the limit is far away', () => {
    const grown = sizes(tS => 100 + 4 * tS);
    const [timeline, reading] = history(grown);
    expect(secondsToFull(timeline, reading)).toBeCloseTo(860 / 4, 5);
    const gauge = reading.gauge && { ...reading.gauge, limitBytes: 9 * LIMIT };
    expect(secondsToFull(timeline, { ...reading, gauge })).toBeNull();
  });

  it('is unknown after less than a second', () => {
    expect(secondsToFull(...history([100, 200, 300]))).toBeNull();
    expect(secondsToFull(...history([100, 200, 300, 400, 500]))).toBeCloseTo(
      500 / 400,
      5
    );
  });

  it('is unknown with two readings, however far apart', () => {
    expect(secondsToFull(...history([100, 300], { stepS: 4 }))).toBeNull();
  });

  it('is unknown without readings of the past', () => {
    const [, reading] = history([100]);
    expect(secondsToFull(new Timeline(), reading)).toBeNull();
  });

  it('is unknown without a limit', () => {
    const [timeline, reading] = history(sizes(tS => 100 + 20 * tS));
    expect(secondsToFull(timeline, { ...reading, gauge: null })).toBeNull();
  });

  it('does not take a larger new process for growth', () => {
    const [timeline, reading] = history(sizes(tS => 100 + 20 * tS));
    timeline.breakAt(999.5);
    expect(secondsToFull(timeline, reading)).toBeNull();
  });
});
