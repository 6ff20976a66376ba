import { describe, expect, it } from 'vitest';

import { listLargest } from '../../src/text/variables';

const MEBIBYTE = 1024 ** 2;

describe('listLargest', () => {
  const variables = [
    { name: 'df', bytes: 3 * MEBIBYTE },
    { name: 'orders', bytes: 2 * MEBIBYTE },
    { name: 'names', bytes: MEBIBYTE },
    { name: 'x', bytes: MEBIBYTE - 1 }
  ];

  it('has the names and the sizes of the first ones', () => {
    expect(listLargest(variables, 2)).toBe('df (3.0 MiB), orders (2.0 MiB)');
  });

  it('leaves out those of less than a MiB', () => {
    expect(listLargest(variables, 10)).toBe(
      'df (3.0 MiB), orders (2.0 MiB), names (1.0 MiB)'
    );
    expect(listLargest(variables.slice(3), 10)).toBe('');
  });

  it('is empty if none is known', () => {
    expect(listLargest([], 3)).toBe('');
  });
});
