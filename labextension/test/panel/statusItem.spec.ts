import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { StatusItem } from '../../src/panel/statusItem';
import { golden } from '../fakes/golden';
import { FakeKernel } from '../fakes/kernel';
import { FakePage } from '../fakes/page';
import { part } from '../fakes/render';
import { trans } from '../fakes/trans';

let page: FakePage;
let item: StatusItem;
let openings: number;

beforeEach(() => {
  vi.stubGlobal('requestIdleCallback', (run: () => void) => setTimeout(run));
  page = new FakePage();
  page.sidebar.setActive('status', true);
  openings = 0;
  item = new StatusItem({
    sidebar: page.sidebar,
    onOpen: () => {
      openings += 1;
    },
    trans
  });
  Widget.attach(item, document.body);
});

afterEach(() => {
  item.dispose();
  page.dispose();
  vi.unstubAllGlobals();
});

function shown(name: string): Promise<HTMLElement> {
  return vi.waitFor(() => part(item.node, name));
}

describe('StatusItem', () => {
  it('is empty until there is a reading', async () => {
    page.open(new FakeKernel());
    await new Promise(resolve => setTimeout(resolve));
    expect(item.node.textContent).toBe('');
  });

  it('has the memory and the gauge', async () => {
    await page.openLive();
    const button = await shown('status-item');
    expect(button.textContent).toBe('528.0 MiB');
    expect(button.title).toBe(
      'Memory of a.ipynb: 528.0 MiB; 3.0 GiB of 24.0 GiB in use (cgroup memory.max, for the whole container)'
    );
    expect(part(button, 'limit').dataset['usedBytes']).toBe('3221225472');
    expect(part(button, '.jp-Memkit-tick')).toBeTruthy();
  });

  it('has the memory alone if no limit is known', async () => {
    await page.openLive({ 'present.gauge': null });
    const button = await shown('status-item');
    expect(button.title).toBe('Memory of a.ipynb: 528.0 MiB');
    expect(button.querySelector('[role=meter]')).toBeNull();
  });

  it('follows the readings', async () => {
    const kernel = await page.openLive();
    await shown('status-item');
    kernel.broadcast(golden('samples_idle', { 'samples.t_s': [1790000012] }));
    await vi.waitFor(() => {
      expect(item.node.textContent).toBe('400.0 MiB');
    });
  });

  it('fades while it may be outdated', async () => {
    const kernel = await page.openLive();
    await shown('.jp-Memkit-gauge:not(.jp-mod-stale)');
    kernel.changeConnection('disconnected');
    await shown('.jp-Memkit-gauge.jp-mod-stale');
  });

  it('goes with the process', async () => {
    const kernel = await page.openLive();
    await shown('status-item');
    kernel.changeStatus('dead');
    await vi.waitFor(() => {
      expect(item.node.textContent).toBe('');
    });
  });

  it('opens the panel', async () => {
    await page.openLive();
    (await shown('status-item')).click();
    expect(openings).toBe(1);
  });
});
