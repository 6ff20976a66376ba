import { describe, expect, it } from 'vitest';

import {
  formatBytes,
  formatChange,
  formatDuration,
  formatTick
} from '../src/format';
import { formatCases } from './fakes/golden';

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
  it('gives a growth its sign, and nothing to no change', () => {
    expect([400_000_000, -512, 0].map(formatChange)).toEqual([
      '+381.5 MiB',
      '-512 B',
      '0 B'
    ]);
  });
});

describe('formatTick', () => {
  it('drops the decimal of a round number only', () => {
    expect([200 * 1024 ** 2, 1.5 * 1024 ** 3].map(formatTick)).toEqual([
      '200 MiB',
      '1.5 GiB'
    ]);
  });
});
