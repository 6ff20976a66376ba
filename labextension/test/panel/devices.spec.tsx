import * as React from 'react';
import { describe, expect, it } from 'vitest';

import { Present } from '../../src/panel/present';
import type { IGpu, IPresent } from '../../src/wire/protocol';
import { part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

const GIBIBYTE = 1024 ** 3;

const NOTHING: IPresent = {
  children: 0,
  childrenBytes: 0,
  swapBytes: 0,
  gpus: [],
  collectorPause: null
};

const GPU: IGpu = {
  index: 0,
  name: 'NVIDIA H100',
  usedBytes: 3 * GIBIBYTE,
  totalBytes: 80 * GIBIBYTE,
  processBytes: 2 * GIBIBYTE,
  allocators: [
    {
      library: 'torch',
      allocatedBytes: GIBIBYTE,
      reservedBytes: 1.5 * GIBIBYTE,
      peakBytes: 1.25 * GIBIBYTE
    }
  ]
};

function show(changes: Partial<IPresent>, isStale = false): HTMLElement {
  return render(
    <Present
      present={{ ...NOTHING, ...changes }}
      isStale={isStale}
      trans={trans}
    />
  );
}

describe('Present', () => {
  it.each([0, null])('is hidden if there is nothing to show', swapBytes => {
    expect(show({ swapBytes }).innerHTML).toBe('');
  });

  it('shows the number and the memory of child processes', () => {
    const host = show({ children: 4, childrenBytes: 1.25 * GIBIBYTE });
    expect(host.textContent).toBe('4 child processes1.3 GiB');
    expect(part(host, 'children').dataset['bytes']).toBe('1342177280');
    expect(show({ children: 1 }).textContent).toBe('1 child process0 B');
  });

  it('shows the memory in swap', () => {
    expect(show({ swapBytes: GIBIBYTE }).textContent).toBe('In swap1.0 GiB');
  });

  it('shows a GPU, the kernel’s part, and a library’s', () => {
    const host = show({ gpus: [GPU] });
    expect(part(host, '[role=meter]').getAttribute('aria-label')).toBe('GPU 0');
    expect(part(host, 'gpu').textContent).toBe('3 % of 80.0 GiB');
    expect(host.textContent).toContain('NVIDIA H100');
    expect(host.textContent).toContain('This kernel2.0 GiB');
    expect(host.textContent).toContain(
      'torch1.0 GiB allocated, 1.5 GiB reserved, peak 1.3 GiB'
    );
  });

  it('leaves out unknown figures', () => {
    const allocator = {
      library: 'jax',
      allocatedBytes: GIBIBYTE,
      reservedBytes: null,
      peakBytes: null
    };
    const gpu = { ...GPU, processBytes: null, allocators: [allocator] };
    const { textContent } = show({ gpus: [gpu] });
    expect(textContent).not.toContain('This kernel');
    expect(textContent).toMatch(/jax1\.0 GiB allocated$/);
  });

  it('states in words that the kernel no longer reports', () => {
    const section = part(show({ children: 1 }, true), 'section');
    expect(section.className).toContain('jp-mod-stale');
    expect(section.textContent).toMatch(/As last reported by the kernel$/);
    expect(show({ children: 1 }).textContent).not.toContain('last reported');
  });
});
