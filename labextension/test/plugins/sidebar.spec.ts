import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Sidebar } from '../../src/model/sidebar';
import { sidebarPlugin } from '../../src/plugins/sidebar';
import { FakeLab, FakeSettings } from '../fakes/lab';
import { FakeKernel, settle } from '../fakes/kernel';
import { FakeNotebook, FakeTracker } from '../fakes/widgets';

let lab: FakeLab;
let sidebar: Sidebar | null;

beforeEach(() => {
  lab = new FakeLab();
  sidebar = null;
});

afterEach(() => {
  sidebar?.dispose();
  lab.dispose();
});

async function activate(...optional: unknown[]): Promise<Sidebar> {
  sidebar = await sidebarPlugin.activate(lab.app, ...optional);
  return sidebar;
}

describe('the plugin that provides the sidebar', () => {
  it('works without notebooks, consoles and settings', async () => {
    const { status, isAutoloading } = await activate(null, null, null);
    expect(status).toEqual({ kind: 'no-session' });
    expect(isAutoloading).toBe(false);
  });

  it('follows notebooks and consoles', async () => {
    const [notebooks, consoles] = [new FakeTracker(), new FakeTracker()];
    const provided = await activate(notebooks.tracker, consoles.tracker, null);
    notebooks.use(new FakeNotebook('a.ipynb', new FakeKernel()));
    expect(provided.name).toBe('a.ipynb');
    consoles.use(new FakeNotebook('Console 1', new FakeKernel()));
    expect(provided.name).toBe('Console 1');
  });

  it('asks nothing while nothing shows the memory', async () => {
    const notebooks = new FakeTracker();
    const provided = await activate(notebooks.tracker, null, null);
    const kernel = new FakeKernel();
    notebooks.use(new FakeNotebook('a.ipynb', kernel));
    await settle();
    expect(provided.isActive).toBe(false);
    expect(kernel.requests).toEqual([]);
  });

  it('applies the setting to load the extension, and its changes', async () => {
    const settings = new FakeSettings({ autoload: true });
    const provided = await activate(null, null, settings.registry);
    await settle();
    expect(settings.loaded).toEqual(['jupyter-memkit:plugin']);
    expect(provided.isAutoloading).toBe(true);
    settings.change({ autoload: false });
    expect(provided.isAutoloading).toBe(false);
    settings.change({ autoload: 'yes' });
    expect(provided.isAutoloading).toBe(false);
  });
});
