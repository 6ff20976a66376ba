import { describe, expect, it } from 'vitest';

import { isolate } from '../../src/text/names';
import { listLargest } from '../../src/text/variables';

const MEBIBYTE = 1024 ** 2;

describe('isolate', () => {
  it('changes no name in ASCII', () => {
    expect(isolate('prices_2024')).toBe('prices_2024');
  });

  it('encloses a name in another script', () => {
    expect(isolate('מחירים')).toBe('\u2068מחירים\u2069');
  });

  it('keeps the figures of a sentence beside the names that they belong to', () => {
    const variables = [
      { name: 'מחירים', bytes: 3 * MEBIBYTE, accuracy: 'exact' },
      { name: 'x', bytes: 2 * MEBIBYTE, accuracy: 'exact' }
    ] as const;
    expect(listLargest(variables, 2)).toBe(
      '\u2068מחירים\u2069 (3.0 MiB), x (2.0 MiB)'
    );
  });
});
