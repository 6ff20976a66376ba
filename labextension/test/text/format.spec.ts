import { describe, expect, it } from 'vitest';

import {
  formatBytes,
  formatChange,
  formatCount,
  formatDuration,
  formatRough,
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
