import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { PanelAction } from '../../src/panel/actions';
import { Top } from '../../src/panel/top';
import { decodeLastDeath } from '../../src/wire/protocol';
import { decoded, golden } from '../fakes/golden';
import { FakeKernel, settle } from '../fakes/kernel';
import { FakePage } from '../fakes/page';
import { part } from '../fakes/render';
import { trans } from '../fakes/trans';

const FULL = { 'present.gauge.used_bytes': 25_000_000_000 };
const SKEW_S = 3600;

let page: FakePage;
let top: Top;
let actions: PanelAction[];
let opened: string[];

beforeEach(() => {
  // JupyterLab shows its components when the page has nothing else to do.
  vi.stubGlobal('requestIdleCallback', (run: () => void) => setTimeout(run));
  actions = [];
  opened = [];
  page = new FakePage();
  page.sidebar.setActive('panel', true);
  top = new Top({
    sidebar: page.sidebar,
    onAction: action => actions.push(action),
    onMenu: () => undefined,
    onOpen: cellId => opened.push(cellId),
    trans
  });
  Widget.attach(top, document.body);
});

afterEach(() => {
  top.dispose();
  page.dispose();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Wait for Lumino and React to show a part. */
function shown(name: string): Promise<HTMLElement> {
  return vi.waitFor(() => part(top.node, name));
}

/** Wait until a part is not there any more. */
function gone(element: HTMLElement): Promise<void> {
  return vi.waitFor(() => {
    expect(top.node.contains(element)).toBe(false);
  });
}

describe('Top', () => {
  it('says why there is nothing to show', async () => {
    const status = await shown('status');
    expect(status.dataset['status']).toBe('no-session');
    expect(part(top.node, 'h2').textContent).toBe('Memory');
    (await shown('action')).click();
    expect(actions).toEqual(['new-notebook']);
  });

  it('shows the memory of the notebook in use', async () => {
    await page.openLive();
    await shown('running');
    expect(part(top.node, 'status').dataset['status']).toBe('live');
    expect(part(top.node, 'h2').textContent).toBe('a.ipynb');
    expect(part(top.node, 'rss').textContent).toBe('528.0 MiB');
    expect(part(top.node, 'children').textContent).toBe('128.0 MiB');
    expect(part(top.node, 'guard').dataset['armed']).toBeDefined();
    expect(part(top.node, 'progress').dataset['done']).toBe('12400000');
    expect(top.node.querySelector('.jp-Memkit-notice')).toBeNull();
  });

  it('advances the time for which a cell has been running', async () => {
    await page.openLive();
    const elapsed = await shown('.jp-Memkit-elapsed');
    const before = elapsed.textContent;
    await vi.waitFor(() => {
      expect(part(top.node, '.jp-Memkit-elapsed').textContent).not.toBe(before);
    });
  });

  it('shows an idle kernel', async () => {
    const kernel = await page.openLive();
    await shown('running');
    kernel.broadcast(golden('samples_idle', { 'samples.t_s': [1790000012] }));
    expect((await shown('idle')).textContent).toBe('Idle');
    expect(top.node.querySelector('.jp-Memkit-elapsed')).toBeNull();
  });

  it('passes on what the user does', async () => {
    const kernel = await page.openLive();
    (await shown('interrupt')).click();
    part(top.node, 'stop').click();
    part(await shown('guard'), 'button').click();
    expect(actions.slice(0, 2)).toEqual(['interrupt', 'interrupt']);
    expect(actions.at(2)).toMatch(/arm-guard$/);
    kernel.broadcast(golden('samples', { activity: null }));
    (await shown('.jp-Memkit-chip [title*="gc_pause off"]')).click();
    expect(actions.at(3)).toBe('resume-collector');
  });

  it('opens the cell with the highest memory', async () => {
    await page.openLive({ running: null });
    part(await shown('peak'), 'button').click();
    expect(opened).toEqual(['591785b7']);
  });

  it('shows the progress of work until it has ended', async () => {
    const kernel = await page.openLive();
    const progress = await shown('progress');
    kernel.broadcast(golden('samples', { activity: null }));
    await gone(progress);
  });

  it('shows that the collector is paused until it is resumed', async () => {
    const kernel = await page.openLive();
    const chip = await shown('collector');
    kernel.broadcast(golden('samples_idle', { 'samples.t_s': [1790000012] }));
    await gone(chip);
  });

  it('warns when memory is close to the limit', async () => {
    const kernel = await page.openLive();
    kernel.broadcast(golden('samples', FULL));
    const card = await shown('alarm');
    expect(card.textContent).toContain('97% of 24.0 GiB');
    part(card, '[data-action=free]').click();
    expect(actions).toEqual(['free']);
  });

  it('says that something waits for the running cell', async () => {
    const kernel = await page.openLive();
    kernel.beginCell();
    void page.sidebar.wait(new Promise(() => undefined));
    expect((await shown('.jp-Memkit-notice')).textContent).toContain(
      'when the running cell has ended'
    );
  });
});

describe('Top, for a kernel that is lost,', () => {
  it('shows neither a pause nor progress', async () => {
    const kernel = await page.openLive();
    const [chip, progress] = [
      await shown('collector'),
      await shown('progress')
    ];
    kernel.changeConnection('disconnected');
    await gone(chip);
    await gone(progress);
    expect(top.node.querySelector('.jp-Memkit-state')).toBeNull();
  });

  it('keeps the last reading, and marks it', async () => {
    const kernel = await page.openLive();
    await shown('rss');
    kernel.changeConnection('disconnected');
    const figure = await shown('.jp-Memkit-now.jp-mod-stale');
    expect(figure.textContent).toBe('528.0 MiB');
    expect(part(top.node, 'action').dataset['action']).toBe('reconnect');
  });

  it('marks its GPUs as old when the extension is unloaded', async () => {
    const kernel = await page.openLive();
    await shown('.jp-Memkit-devices:not(.jp-mod-stale)');
    kernel.broadcast(golden('goodbye'));
    await shown('.jp-Memkit-devices.jp-mod-stale');
    expect(part(top.node, 'action').dataset['action']).toBe('load');
  });
});

describe('Top, after a death,', () => {
  beforeEach(() => {
    page.server.death = decoded(decodeLastDeath, 'last_death').death;
  });

  it('has a card and the word "Ended", and no figure', async () => {
    const kernel = await page.openLive();
    const figure = await shown('rss');
    kernel.changeStatus('autorestarting');
    await gone(figure);
    expect((await shown('ended')).textContent).toBe('Ended');
    const card = await shown('death');
    expect(card.querySelector('[data-action=restart]')).toBeNull();
    expect(top.node.querySelector('.jp-Memkit-notice')).toBeNull();
    expect(top.node.textContent).not.toContain('0 B');
  });

  it('offers a restart if no other process starts', async () => {
    const kernel = await page.openLive();
    kernel.changeStatus('dead');
    part(await shown('death'), '[data-action=restart]');
    expect(top.node.querySelector('.jp-Memkit-state')).toBeNull();
  });

  it('keeps the card beside the figures of the next process', async () => {
    const kernel = await page.openLive();
    kernel.changeStatus('autorestarting');
    kernel.changeStatus('idle');
    await settle();
    kernel.lastRequest.reply(golden('snapshot'));
    await shown('rss');
    part(await shown('death'), 'dismiss').click();
    expect(actions).toEqual(['dismiss-death']);
  });

  it('does not call a process ended that has not loaded the extension', async () => {
    page.server.death = null;
    const kernel = await page.openLive();
    kernel.changeStatus('restarting');
    await shown('ended');
    kernel.changeStatus('idle');
    kernel.broadcast(golden('goodbye'));
    expect((await shown('idle')).textContent).toBe('Idle');
  });
});

describe.each([-SKEW_S, SKEW_S])(
  'Top, with a kernel whose clock is %d s off,',
  aheadS => {
    it('shows nothing negative, and nothing of an hour', async () => {
      const kernel = new FakeKernel();
      kernel.aheadS = aheadS;
      const kernelS = Date.now() / 1000 + aheadS;
      page.open(kernel);
      await settle();
      kernel.lastRequest.reply(
        golden('snapshot', {
          'samples.t_s': [kernelS - 0.5, kernelS - 0.25, kernelS],
          'running.started_s': kernelS - 0.25,
          'activity.reported_s': kernelS
        })
      );
      const elapsed = await shown('.jp-Memkit-elapsed');
      expect(elapsed.textContent).toMatch(/^[\d.]+ m?s$/);
      expect(part(top.node, 'left').textContent).toMatch(/^[<\d.]+.* s left$/);
      expect(top.node.textContent).not.toMatch(/-\d|\d h|\d min|Stale/);
    });
  }
);
