import { describe, expect, it } from 'vitest';

import { listLargest } from '../../src/text/variables';

const MEBIBYTE = 1024 ** 2;

describe('listLargest', () => {
  const variables = [
    { name: 'df', bytes: 3 * MEBIBYTE, accuracy: 'exact' },
    { name: 'orders', bytes: 2 * MEBIBYTE, accuracy: 'at least' },
    { name: 'names', bytes: MEBIBYTE, accuracy: 'estimate' }
  ] as const;

  it('has the names and the sizes of the first ones', () => {
    expect(listLargest(variables, 2)).toBe('df (3.0 MiB), orders (≥ 2.0 MiB)');
  });

  it('has all of them if there are few', () => {
    expect(listLargest(variables.slice(0, 1), 10)).toBe('df (3.0 MiB)');
  });

  it('is empty if none is known', () => {
    expect(listLargest([], 3)).toBe('');
  });
});
