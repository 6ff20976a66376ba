import * as React from 'react';
import { describe, expect, it } from 'vitest';

import { Header } from '../src/components/header';
import { Reading } from '../src/components/reading';
import { dataOf, part, render } from './fakes/render';
import { trans } from './fakes/trans';

const GIBIBYTE = 1024 ** 3;

function show(changes: Partial<Reading.IProps> = {}) {
  return render(
    <Reading
      reading={{ tS: 1790000010.5, rssBytes: 1.5 * GIBIBYTE, source: 'kernel' }}
      peak={{ bytes: 2 * GIBIBYTE, executionCount: 7, exact: true }}
      limit={{ bytes: 4 * GIBIBYTE, name: 'cgroup memory.max' }}
      staleSinceS={null}
      trans={trans}
      {...changes}
    />
  );
}

describe('Reading', () => {
  it('shows the memory, and carries it as a number', () => {
    const rss = part(show(), 'rss');
    expect(rss.textContent).toBe('1.5 GiB');
    expect(dataOf(rss)).toMatchObject({
      bytes: '1610612736',
      source: 'kernel',
      updatedS: '1790000010.5'
    });
  });

  it('shows the peak and its cell', () => {
    const host = show();
    expect(part(host, 'peak').textContent).toBe('2.0 GiB');
    expect(host.textContent).toContain('Peak in [7]');
  });

  it('marks a sampled peak', () => {
    const peak = { bytes: 1, executionCount: null, exact: false };
    expect(show({ peak }).textContent).toContain('Peak, sampled');
  });

  it('shows no peak before the first cell', () => {
    expect(show({ peak: null }).textContent).not.toContain('Peak');
  });

  it('marks a reading by the server', () => {
    const reading = { tS: 1, rssBytes: 1, source: 'server' } as const;
    expect(show({ reading }).textContent).toContain('Read by the server');
  });

  it('shows since when it is stale', () => {
    expect(show({ staleSinceS: 1790000010.5 }).textContent).toMatch(
      /Stale since \d\d:\d\d:\d\d/
    );
  });
});

describe('Meter', () => {
  const used = (share: number) =>
    show({
      reading: { tS: 1, rssBytes: share * 4 * GIBIBYTE, source: 'kernel' }
    });

  it('shows the share of the limit, and its source', () => {
    const host = show();
    expect(part(host, '[role=meter]').getAttribute('aria-valuenow')).toBe('37');
    expect(part(host, 'limit').textContent).toBe('37 % of 4.0 GiB');
    expect(host.textContent).toContain('cgroup memory.max');
  });

  it('does not round a small share to zero', () => {
    expect(part(used(0.001), 'limit').textContent).toBe('< 1 % of 4.0 GiB');
  });

  it('is hidden without a limit', () => {
    expect(show({ limit: null }).querySelector('[role=meter]')).toBeNull();
  });

  it.each([
    [0.8, '', 'jp-Memkit-meter '],
    [0.81, 'filling up', 'jp-Memkit-meter jp-mod-warning'],
    [0.96, 'almost full', 'jp-Memkit-meter jp-mod-error'],
    [1.2, 'almost full', 'jp-Memkit-meter jp-mod-error']
  ])('warns at %d in words too', (share, words, className) => {
    const host = used(share);
    expect(host.querySelector('strong')?.textContent ?? '').toBe(words);
    expect(part(host, '.jp-Memkit-meter').className).toBe(className);
  });

  it('marks only a peak above the reading', () => {
    const tick = (host: HTMLElement) => host.querySelector('.jp-Memkit-tick');
    expect(tick(used(0.4))).not.toBeNull();
    expect(tick(used(0.6))).toBeNull();
  });

  it('stays within its bounds above the limit', () => {
    const meter = part(used(1.2), '[role=meter]');
    expect(meter.getAttribute('aria-valuenow')).toBe('100');
    expect(part(meter, '.jp-Memkit-fill').style.width).toBe('100%');
  });
});

describe('Header', () => {
  const show = (isBusy: boolean | null, elapsedS: number | null) =>
    render(
      <Header
        name="a.ipynb"
        isBusy={isBusy}
        elapsedS={elapsedS}
        pause={null}
        pausedCells={0}
        trans={trans}
      />
    );

  it('shows that a cell is running, and for how long', () => {
    expect(part(show(true, 3.2), 'running').textContent).toBe('Running3.2 s');
  });

  it('shows that the kernel is idle', () => {
    expect(part(show(false, null), 'idle').textContent).toBe('Idle');
  });

  it('shows nothing that is unknown', () => {
    expect(show(null, null).textContent).toBe('a.ipynb');
  });
});
