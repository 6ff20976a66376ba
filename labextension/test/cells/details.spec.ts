import { describe, expect, it } from 'vitest';

import { describeCell } from '../../src/cells/details';
import type { ICellGpu } from '../../src/wire/protocol';
import { ended, MEBIBYTE } from '../fakes/cells';
import { trans } from '../fakes/trans';

/** What a library used on a GPU, which begins with 100 MiB. */
function gpu(changes: Partial<ICellGpu>): ICellGpu {
  return {
    library: 'torch',
    device: 1,
    beforeBytes: 100 * MEBIBYTE,
    afterBytes: 100 * MEBIBYTE,
    peakBytes: 200 * MEBIBYTE,
    atMostBytes: 200 * MEBIBYTE,
    exact: true,
    ...changes
  };
}

describe('describeCell', () => {
  it.each([
    [
      {
        childrenBeforeBytes: 100 * MEBIBYTE,
        childrenPeakBytes: 500 * MEBIBYTE
      },
      'child processes +400.0 MiB'
    ],
    [
      { childrenPeakBytes: MEBIBYTE, childrenExact: false },
      'child processes +1.0 MiB, sampled'
    ],
    [
      { gpuBeforeBytes: 100 * MEBIBYTE, gpuPeakBytes: 300 * MEBIBYTE },
      'GPU +200.0 MiB, sampled'
    ],
    [
      {
        gpuBeforeBytes: 0,
        gpuPeakBytes: 900 * MEBIBYTE,
        gpus: [gpu({ peakBytes: 700 * MEBIBYTE })]
      },
      'torch on GPU 1 +600.0 MiB'
    ],
    [{ gpus: [gpu({ exact: false })] }, 'torch on GPU 1 +100.0 MiB, sampled'],
    [{ gcS: 0.0625 }, 'garbage collector 63 ms, 25%'],
    [{ gcS: 0.26 }, 'garbage collector 260 ms, 100%'],
    [{ majorFaults: 1000 }, '1,000 pages read from disk'],
    [{ peakLine: 'b = a + a' }, 'highest at b = a + a'],
    [{ peakLine: 'b'.repeat(100) }, `highest at ${'b'.repeat(60)}…`]
  ])('names what is remarkable: %o', (changes, expected) => {
    expect(describeCell(ended(changes), trans)).toEqual([expected]);
  });

  it.each([
    { gcS: 0.04 },
    { gcS: 0.06, durationS: 60 },
    { childrenBeforeBytes: 500 * MEBIBYTE, childrenPeakBytes: 500 * MEBIBYTE },
    { childrenPeakBytes: MEBIBYTE - 1, majorFaults: null },
    { gpuBeforeBytes: null, gpuPeakBytes: null },
    { gpuBeforeBytes: 0, gpuPeakBytes: MEBIBYTE - 1 },
    { gpuBeforeBytes: 300 * MEBIBYTE, gpuPeakBytes: 200 * MEBIBYTE },
    { gpus: [gpu({ peakBytes: 101 * MEBIBYTE - 1 })] },
    { majorFaults: 999 },
    { peakLine: 'a = np.ones(50_000_000)' }
  ])('has no phrase for what is not: %o', changes => {
    expect(describeCell(ended(changes), trans)).toEqual([]);
  });

  it('has a phrase for each of several', () => {
    const cell = ended({
      childrenPeakBytes: MEBIBYTE,
      gpuBeforeBytes: 0,
      gpuPeakBytes: MEBIBYTE,
      gcS: 0.25,
      majorFaults: 2000,
      peakLine: 'b = a + a'
    });
    expect(describeCell(cell, trans).length).toBe(5);
  });
});
