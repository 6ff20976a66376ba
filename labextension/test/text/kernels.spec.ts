import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { IKernelRow } from '../../src/model/kernels';
import {
  describeHoarding,
  describeKernel,
  describeLack,
  describeMemory,
  describeTotal,
  nameKernel
} from '../../src/text/kernels';
import type { IKernelMemory } from '../../src/wire/protocol';
import { FakeKernels, LARGE_ID, listed } from '../fakes/kernels';
import { trans } from '../fakes/trans';

const MEMORY = {
  rssBytes: 2048,
  childrenBytes: 0,
  atLeast: false,
  gauge: null
};

let kernels: FakeKernels;

beforeEach(() => {
  vi.useFakeTimers();
  kernels = new FakeKernels();
});

afterEach(() => {
  kernels.model.dispose();
  vi.useRealTimers();
});

async function row(change: Partial<IKernelMemory> = {}): Promise<IKernelRow> {
  const rows = await kernels.read(listed(1790007200, change));
  return rows.find(({ kernelId }) => kernelId === LARGE_ID) as IKernelRow;
}

async function detailsOf(change: Partial<IKernelMemory>): Promise<string> {
  const memory = change.memory === undefined ? MEMORY : change.memory;
  return describeKernel(await row({ ...change, memory }), trans).join(' · ');
}

describe('a kernel', () => {
  it('has the name of its notebook, or its spec and a part of its id', async () => {
    expect(nameKernel(await row(), trans)).toBe('<b>train.ipynb');
    kernels.sessions = [];
    const name = nameKernel(await row(), trans);
    expect(name).toBe('python3, no notebook (5e1d9a53)');
  });

  it('has a lower bound while children share its memory', async () => {
    expect(describeMemory(await row(), trans)).toBe('at least 6.1 GiB');
    expect(describeMemory(await row({ memory: MEMORY }), trans)).toBe(
      '2.0 KiB'
    );
  });

  it('says what it is, what it does and what it takes of its limit', async () => {
    expect(describeKernel(await row({ state: 'busy' }), trans)).toEqual([
      'python3',
      'busy',
      'child processes 128.0 MiB',
      '25% of 24.0 GiB (container)'
    ]);
  });

  it('does not repeat how long it is idle if that is marked', async () => {
    const marked = await row();
    expect(describeHoarding(marked, trans)).toBe(
      'idle for 2 h 0 min, holds 6.1 GiB'
    );
    expect(describeKernel(marked, trans).join()).not.toContain('idle');
  });

  it.each([
    [{ state: 'idle' }, 'python3 · idle for 2 h 0 min'],
    [{ state: 'idle', activeS: null }, 'python3 · idle'],
    [{ state: 'idle', activeS: 1790007199 }, 'python3 · idle'],
    [{ state: 'starting' }, 'python3 · starting'],
    [{ state: 'restarting' }, 'python3 · starting'],
    [{ state: 'unknown' }, 'python3']
  ])('in the state %o is "%s"', async (change, text) => {
    expect(await detailsOf(change)).toBe(text);
  });

  it.each([
    ['ended', 'python3 · its process has ended'],
    ['elsewhere', 'python3 · it runs in a container or on another machine'],
    ['refused', 'python3 · the system does not let the server read it']
  ] as const)('that has %s is not readable: "%s"', async (unknown, text) => {
    const change = { state: 'unknown', memory: null, unknown };
    expect(await detailsOf(change)).toBe(text);
    expect(describeMemory(await row(change), trans)).toBe('not readable');
  });

  it.each([
    [1024 ** 3, ' · +1.0 GiB in 3.0 s'],
    [1000, '']
  ])('that has grown by %i bytes says "%s"', async (bytes, text) => {
    await kernels.read(listed(1790007197, { memory: MEMORY }));
    const memory = { ...MEMORY, rssBytes: MEMORY.rssBytes + bytes };
    const change = { state: 'busy', memory };
    expect(await detailsOf(change)).toBe(`python3 · busy${text}`);
  });

  it('does not mention less than a percent of its limit', async () => {
    const gauge = {
      limitBytes: 1024 ** 4,
      usedBytes: 0,
      name: 'memory',
      covers: 'machine' as const
    };
    const memory = { ...MEMORY, gauge };
    expect(await detailsOf({ state: 'busy', memory })).toBe('python3 · busy');
  });
});

describe('describeTotal()', () => {
  it.each([
    [[{ memory: MEMORY }, { memory: MEMORY }], '2 kernels, 4.0 KiB'],
    [
      [{ memory: MEMORY }, { memory: { ...MEMORY, atLeast: true } }],
      '2 kernels, at least 4.0 KiB'
    ],
    [
      [{ memory: MEMORY }, { memory: null, unknown: 'elsewhere' }],
      '2 kernels, at least 2.0 KiB'
    ],
    [
      [{ memory: MEMORY }, { memory: null, unknown: 'ended' }],
      '2 kernels, 2.0 KiB'
    ],
    [[{ memory: null, unknown: 'refused' }], '1 kernel']
  ] as const)('of %o is "%s"', async (changes, text) => {
    const rows: IKernelRow[] = [];
    for (const change of changes) {
      rows.push(await row(change));
    }
    expect(describeTotal(rows, trans)).toBe(text);
  });
});

describe('describeLack()', () => {
  it.each([
    [null, false, 'Waiting for the Jupyter server…'],
    [[], false, 'No kernel is running.'],
    [[], true, 'The Jupyter server does not answer; these figures are old.'],
    [null, true, /install the same version of jupyter_memkit/]
  ])('with %o, failing: %o, says why', (rows, isFailing, sentence) => {
    expect(describeLack({ rows, isFailing }, trans)).toMatch(sentence);
  });

  it('says nothing about kernels that are shown', async () => {
    await row();
    expect(describeLack(kernels.model, trans)).toBe('');
  });
});
