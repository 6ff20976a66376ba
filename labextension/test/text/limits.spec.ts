import { describe, expect, it } from 'vitest';

import { describeLimit, nameLimit } from '../../src/text/limits';
import { trans } from '../fakes/trans';

describe.each([
  ['kernel', 'ulimit -v', 'ulimit -v, for the kernel alone', 'ulimit -v'],
  [
    'family',
    'MEM_LIMIT',
    'MEM_LIMIT, for the kernel and its child processes',
    'MEM_LIMIT'
  ],
  [
    'container',
    'cgroup memory.max',
    'cgroup memory.max, for the whole container',
    'container'
  ],
  [
    'machine',
    "the machine's memory",
    'memory of the machine, for all programs',
    'machine'
  ]
] as const)('a limit that covers the %s', (covers, name, long, short) => {
  it('is described by what sets it and whose memory counts', () => {
    expect(describeLimit({ name, covers }, trans)).toBe(long);
  });

  it('has a name of one word or two', () => {
    expect(nameLimit({ name, covers }, trans)).toBe(short);
  });
});
