import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Follower } from '../../src/follow';
import { MemoryPanel } from '../../src/panel/panel';
import type { Samples } from '../../src/wire/protocol';
import { Sidebar } from '../../src/model/sidebar';
import type { StatusAction } from '../../src/wire/status';
import { fakeCanvas } from '../fakes/canvas';
import { golden } from '../fakes/golden';
import { FakeKernel, settle } from '../fakes/kernel';
import { part } from '../fakes/render';
import { trans } from '../fakes/trans';
import { FakeNotebook, FakeShell, FakeTracker } from '../fakes/widgets';

let notebooks: FakeTracker;
let follower: Follower;
let sidebar: Sidebar;
let panel: MemoryPanel;
let actions: StatusAction[];
let opened: string[];

beforeEach(() => {
  fakeCanvas();
  // JupyterLab shows its components when the page has nothing else to do.
  vi.stubGlobal('requestIdleCallback', (run: () => void) => setTimeout(run));
  actions = [];
  opened = [];
  notebooks = new FakeTracker();
  follower = new Follower({
    shell: new FakeShell(),
    trackers: [notebooks.tracker]
  });
  sidebar = new Sidebar({ follower, read: () => Promise.resolve(null) });
  panel = new MemoryPanel({
    sidebar,
    onAction: action => actions.push(action),
    onOpen: cellId => opened.push(cellId),
    trans
  });
});

afterEach(() => {
  panel.dispose();
  sidebar.dispose();
  follower.dispose();
  vi.restoreAllMocks();
});

/** Wait for Lumino and React to show a part. */
function shown(name: string): Promise<HTMLElement> {
  return vi.waitFor(() => part(panel.node, name));
}

async function showLive(): Promise<FakeKernel> {
  const kernel = new FakeKernel();
  notebooks.use(new FakeNotebook('a.ipynb', kernel));
  Widget.attach(panel, document.body);
  await settle();
  kernel.lastRequest.reply(golden('snapshot'));
  return kernel;
}

describe('MemoryPanel', () => {
  it('has an accessible name', () => {
    expect(panel.node.getAttribute('aria-label')).toBe('Memory');
    expect(panel.title.caption).toBe('Memory');
  });

  it('sends requests to the kernel only while it is visible', async () => {
    const kernel = await showLive();
    panel.hide();
    panel.show();
    await settle();
    kernel.lastRequest.reply(golden('snapshot'));
    Widget.detach(panel);
    expect(kernel.requestTypes).toEqual([
      'subscribe',
      'unsubscribe',
      'subscribe',
      'unsubscribe'
    ]);
  });

  it('explains why there is nothing to show', async () => {
    Widget.attach(panel, document.body);
    const status = await shown('status');
    expect(status.dataset['status']).toBe('no-session');
  });

  it('offers an action', async () => {
    notebooks.use(new FakeNotebook('a.ipynb', null));
    Widget.attach(panel, document.body);
    (await shown('action')).click();
    expect(actions).toEqual(['select-kernel']);
  });

  it('shows the memory of the active notebook', async () => {
    await showLive();
    await shown('running');
    const { node } = panel;
    expect(part(node, 'status').dataset['status']).toBe('live');
    expect(part(node, 'h2').textContent).toBe('a.ipynb');
    expect(part(node, 'rss').textContent).toBe('400.0 MiB');
    expect(part(node, 'peak').textContent).toBe('500.0 MiB');
    expect(part(node, 'limit').textContent).toBe('1 % of 24.0 GiB');
    expect(part(node, 'running').textContent).toMatch(/^Running/);
    expect(node.querySelectorAll('tbody tr').length).toBe(3);
  });

  it('shows the progress of work until it has ended', async () => {
    const kernel = await showLive();
    const progress = await shown('progress');
    expect(progress.dataset['done']).toBe('12400000');
    kernel.broadcast(golden<Samples>('samples', { activity: null }));
    await vi.waitFor(() => {
      expect(panel.node.contains(progress)).toBe(false);
    });
  });

  it('shows that the collector is paused until it is resumed', async () => {
    const kernel = await showLive();
    const chip = await shown('collector');
    expect(chip.dataset).toMatchObject({ by: 'gc.disable()', cells: '0' });
    kernel.broadcast(golden('samples'));
    await vi.waitFor(() => {
      expect(chip.dataset).toMatchObject({ by: '%gc_pause on', cells: '1' });
    });
    kernel.broadcast(golden('samples_idle'));
    await vi.waitFor(() => {
      expect(panel.node.contains(chip)).toBe(false);
    });
  });

  it('shows no pause of a lost kernel', async () => {
    const kernel = await showLive();
    const chip = await shown('collector');
    kernel.changeStatus('dead');
    await vi.waitFor(() => {
      expect(panel.node.contains(chip)).toBe(false);
    });
  });

  it('shows no progress of a lost kernel', async () => {
    const kernel = await showLive();
    const progress = await shown('progress');
    kernel.changeStatus('dead');
    await vi.waitFor(() => {
      expect(panel.node.contains(progress)).toBe(false);
    });
  });

  it('marks child processes and GPUs as old when the extension is unloaded', async () => {
    const kernel = await showLive();
    kernel.broadcast(golden<Samples>('samples', { running: null }));
    await shown('.jp-Memkit-present:not(.jp-mod-stale)');
    kernel.broadcast(golden('goodbye'));
    await shown('.jp-Memkit-present.jp-mod-stale');
    expect(part(panel.node, 'children').textContent).toBe('128.0 MiB');
  });

  it('shows the peak of the last cell if none is running', async () => {
    const kernel = await showLive();
    kernel.broadcast(golden('samples_idle'));
    expect((await shown('idle')).textContent).toBe('Idle');
    expect(part(panel.node, 'peak').textContent).toBe('100.0 MiB');
  });

  it('shows the range that the user chooses', async () => {
    await showLive();
    (await shown('.jp-Memkit-ranges button')).click();
    expect(sidebar.rangeS).toBe(60);
  });

  it('links to a cell', async () => {
    await showLive();
    (await shown('tbody tr:first-child button')).click();
    expect(opened).toEqual(['b1946ac9']);
  });
});
