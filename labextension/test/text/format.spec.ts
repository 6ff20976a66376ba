import { afterEach, describe, expect, it, vi } from 'vitest';

import {
  formatBytes,
  formatChange,
  formatClock,
  formatCount,
  formatDuration,
  formatMinute,
  formatMoment,
  formatRough,
  formatRoughDuration,
  formatTick
} from '../../src/text/format';
import { formatCases } from '../fakes/golden';

const cases = formatCases();

describe('formatBytes', () => {
  it.each(cases['bytes'] ?? [])('shows %d bytes as Python does', (n, text) => {
    expect(formatBytes(n)).toBe(text);
  });
});

describe('formatDuration', () => {
  it.each(cases['durations'] ?? [])('shows %d s as Python does', (s, text) => {
    expect(formatDuration(s)).toBe(text);
  });
});

describe('formatRoughDuration', () => {
  it.each([
    [1, '1 s'],
    [9.4, '9 s'],
    [10, '10 s'],
    [12.4, '10 s'],
    [38, '40 s'],
    [54, '55 s'],
    [55, '1 min'],
    [200, '3 min'],
    [600, '10 min']
  ])('rounds %d s to "%s"', (durationS, text) => {
    expect(formatRoughDuration(durationS)).toBe(text);
  });
});

describe('formatChange', () => {
  it('adds a plus sign to growth, but not to no change', () => {
    expect([400_000_000, -512, 0].map(formatChange)).toEqual([
      '+381.5 MiB',
      '-512 B',
      '0 B'
    ]);
  });
});

describe('formatCount', () => {
  it('groups by thousands', () => {
    expect([0, 999, 12_400_000].map(formatCount)).toEqual([
      '0',
      '999',
      '12,400,000'
    ]);
  });
});

describe('formatRough', () => {
  it('keeps three digits', () => {
    expect([1_234_567, 12.345, 0.012345, 20].map(formatRough)).toEqual([
      '1,230,000',
      '12.3',
      '0.0123',
      '20'
    ]);
  });
});

describe('formatTick', () => {
  it('drops the decimal only of a round number', () => {
    expect([200 * 1024 ** 2, 1.5 * 1024 ** 3].map(formatTick)).toEqual([
      '200 MiB',
      '1.5 GiB'
    ]);
  });
});

describe('a time of day', () => {
  const tS = new Date(2026, 8, 21, 7, 5, 9).getTime() / 1000;

  afterEach(() => {
    vi.useRealTimers();
  });

  it('has 24 hours, and seconds where they count', () => {
    expect(formatClock(tS)).toBe('07:05:09');
    expect(formatMinute(tS)).toBe('07:05');
    expect(formatMinute(tS - 7 * 3600)).toBe('00:05');
  });

  it('is enough for what happened less than a day ago', () => {
    vi.useFakeTimers({ now: (tS + 23 * 3600) * 1000 });
    expect(formatMoment(tS)).toBe('07:05:09');
  });

  it('has a date if it is longer ago', () => {
    vi.useFakeTimers({ now: (tS + 25 * 3600) * 1000 });
    expect(formatMoment(tS)).toMatch(/21.*07:05/);
    expect(formatMoment(tS)).not.toBe('07:05:09');
  });
});
