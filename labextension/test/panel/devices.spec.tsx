import * as React from 'react';
import { describe, expect, it } from 'vitest';

import { Devices } from '../../src/panel/devices';
import type { IGpu } from '../../src/wire/protocol';
import { decodeSamples } from '../../src/wire/protocol';
import { decoded } from '../fakes/golden';
import { part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

const GIBIBYTE = 1024 ** 3;

const { present: IDLE } = decoded(decodeSamples, 'samples_idle');

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

function show(gpus: IGpu[], isStale = false): HTMLElement {
  return render(
    <Devices present={{ ...IDLE, gpus }} isStale={isStale} trans={trans} />
  );
}

function widths(host: HTMLElement): string[] {
  return ['kernel', 'other'].map(
    name => part(host, `.jp-Memkit-${name}`).style.width
  );
}

describe('Devices', () => {
  it('is hidden without a GPU', () => {
    expect(show([]).innerHTML).toBe('');
  });

  it('shows a GPU, the kernel’s part, and a library’s', () => {
    const host = show([GPU]);
    expect(host.textContent).toBe(
      'GPU 03.0 GiB of 80.0 GiB' +
        'This kernel2.0 GiB' +
        'torch1.0 GiB allocated, 1.5 GiB reserved, highest 1.3 GiB'
    );
    expect(part(host, 'section').getAttribute('aria-label')).toBe('GPUs');
  });

  it('has a gauge with the kernel’s segment and that of others', () => {
    const half = { ...GPU, usedBytes: 40 * GIBIBYTE };
    const gauge = part(show([half]), '[role=meter]');
    expect(widths(gauge)).toEqual(['2.5%', '47.5%']);
    expect(gauge.title).toBe('NVIDIA H100');
    expect(
      ['label', 'valuenow', 'valuetext'].map(name =>
        gauge.getAttribute(`aria-${name}`)
      )
    ).toEqual(['GPU 0', '50', '50% of 80.0 GiB']);
  });

  it('has no negative segment if the kernel seems to have more than all', () => {
    const odd = { ...GPU, processBytes: 4 * GIBIBYTE };
    expect(widths(show([odd]))).toEqual(['5%', '0%']);
  });

  it('leaves out unknown figures', () => {
    const allocator = {
      library: 'jax',
      allocatedBytes: GIBIBYTE,
      reservedBytes: null,
      peakBytes: null
    };
    const gpu = { ...GPU, processBytes: null, allocators: [allocator] };
    const { textContent } = show([gpu]);
    expect(textContent).not.toContain('This kernel');
    expect(textContent).toMatch(/jax1\.0 GiB allocated$/);
  });

  it('shows each of several GPUs', () => {
    const host = show([GPU, { ...GPU, index: 1 }]);
    expect(
      [...host.querySelectorAll('[role=meter]')].map(each =>
        each.getAttribute('aria-label')
      )
    ).toEqual(['GPU 0', 'GPU 1']);
  });

  it('shows names as text', () => {
    const name = '<img src=x onerror=alert(1)>';
    const allocator = {
      library: name,
      allocatedBytes: 1,
      reservedBytes: null,
      peakBytes: null
    };
    const host = show([{ ...GPU, name, allocators: [allocator] }]);
    expect(host.querySelector('img')).toBeNull();
    expect(part(host, '[role=meter]').title).toBe(name);
    expect(host.textContent).toContain(name);
  });

  it('states in words that the kernel no longer reports', () => {
    const section = part(show([GPU], true), 'section');
    expect(section.className).toContain('jp-mod-stale');
    expect(section.textContent).toMatch(/As last reported by the kernel$/);
    expect(show([GPU]).textContent).not.toContain('last reported');
  });
});
