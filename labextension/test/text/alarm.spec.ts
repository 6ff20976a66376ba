import { describe, expect, it } from 'vitest';

import { describeAlarm, describeLargest } from '../../src/text/alarm';
import { trans } from '../fakes/trans';

const GIBIBYTE = 1024 ** 3;

describe('describeAlarm', () => {
  it.each([
    [0.854, null, '85% of 24.0 GiB is in use.'],
    [0.5, 38, '50% of 24.0 GiB is in use; it will be full in about 40 s.'],
    [
      0.9,
      0.2,
      '90% of 24.0 GiB is in use; it will be full in less than a second.'
    ],
    [1.3, null, '130% of 24.0 GiB is in use.']
  ])('of %d with %s s left is one sentence', (share, secondsToFull, text) => {
    const limitBytes = 24 * GIBIBYTE;
    const alarm = { share, limitBytes, secondsToFull, warning: 1 };
    expect(describeAlarm(alarm, trans)).toBe(text);
  });
});

describe('describeLargest', () => {
  const variables = ['a', 'b', 'c', 'd'].map((name, index) => ({
    name,
    bytes: (4 - index) * GIBIBYTE,
    accuracy: 'exact' as const
  }));

  it('names the three largest variables and their sizes', () => {
    expect(describeLargest(variables, trans)).toBe(
      'The largest variables: a (4.0 GiB), b (3.0 GiB), c (2.0 GiB).'
    );
  });

  it('is empty if none is known', () => {
    expect(describeLargest([], trans)).toBe('');
  });
});
