import type { IStatusBar } from '@jupyterlab/statusbar';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { statusPlugin } from '../../src/plugins/status';
import { FakeLab } from '../fakes/lab';
import { FakePage } from '../fakes/page';
import { part } from '../fakes/render';

let lab: FakeLab;
let page: FakePage;
let items: [id: string, item: IStatusBar.IItem][];

beforeEach(() => {
  vi.stubGlobal('requestIdleCallback', (run: () => void) => setTimeout(run));
  lab = new FakeLab();
  page = new FakePage();
  items = [];
});

afterEach(() => {
  items.forEach(([, { item }]) => {
    item.dispose();
  });
  page.dispose();
  lab.dispose();
  vi.unstubAllGlobals();
});

/** Activate the plugin; returns its item in the status bar. */
async function activate(): Promise<IStatusBar.IItem> {
  const statusBar = {
    registerStatusItem: (id: string, item: IStatusBar.IItem) => {
      items.push([id, item]);
    }
  };
  await statusPlugin.activate(lab.app, page.sidebar, statusBar, null);
  const [[id, item] = ['', null]] = items;
  expect(id).toBe('jupyter-memkit:status');
  if (!item) {
    throw new Error('The plugin has added no item.');
  }
  return item;
}

describe('the plugin of the status item', () => {
  it('does nothing without a status bar', async () => {
    await statusPlugin.activate(lab.app, page.sidebar, null, null);
    expect(page.sidebar.isActive).toBe(false);
  });

  it('keeps the sidebar active', async () => {
    await activate();
    expect(page.sidebar.isActive).toBe(true);
  });

  it('shows the item only while there is a reading', async () => {
    const { isActive, activeStateChanged } = await activate();
    expect(isActive?.()).toBe(false);
    let changes = 0;
    activeStateChanged?.connect(() => {
      changes += 1;
    });
    const kernel = await page.openLive();
    expect(isActive?.()).toBe(true);
    expect(changes).toBeGreaterThan(0);
    kernel.changeStatus('dead');
    expect(isActive?.()).toBe(false);
  });

  it('executes nothing in a silent kernel', async () => {
    await activate();
    await page.openLive();
    expect(page.sidebar.model?.isProbing).toBe(false);
  });

  it('opens the panel, also without the plugin of the commands', async () => {
    const { item } = await activate();
    Widget.attach(item, document.body);
    await page.openLive();
    const button = await vi.waitFor(() => part(item.node, 'status-item'));
    button.click();
    expect(lab.activated).toEqual(['jupyter-memkit']);
  });
});
