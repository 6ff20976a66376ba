import type { ILayoutRestorer } from '@jupyterlab/application';
import type { IStateDB } from '@jupyterlab/statedb';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { MemoryPanel } from '../../src/panel/panel';
import { panelPlugin } from '../../src/plugins/panel';
import { fakeCanvas } from '../fakes/canvas';
import { settle } from '../fakes/kernel';
import { FakeLab } from '../fakes/lab';
import { FakePage } from '../fakes/page';
import { part } from '../fakes/render';

const KEY = 'jupyter-memkit:panel';
const ASKING = [
  'jupyter-memkit-variables',
  'jupyter-memkit-hints',
  'jupyter-memkit-libraries'
];
const CELLS = 'jupyter-memkit-cells';

let lab: FakeLab;
let page: FakePage;

beforeEach(() => {
  fakeCanvas();
  vi.stubGlobal('requestIdleCallback', (run: () => void) => setTimeout(run));
  lab = new FakeLab();
  page = new FakePage();
});

afterEach(() => {
  lab.dispose();
  page.dispose();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** JupyterLab's record of the layout, of which the last save is kept. */
class FakeState {
  constructor(public value: unknown) {}

  readonly saved: [key: string, value: unknown][] = [];

  fetch(key: string): Promise<unknown> {
    if (key !== KEY) {
      return Promise.resolve(undefined);
    }
    return this.value instanceof Error
      ? Promise.reject(this.value)
      : Promise.resolve(this.value);
  }

  save(key: string, value: unknown): Promise<void> {
    this.saved.push([key, value]);
    return Promise.resolve();
  }

  get db(): IStateDB {
    return this as unknown as IStateDB;
  }
}

async function activate({
  restorer = null as ILayoutRestorer | null,
  state = null as FakeState | null
} = {}): Promise<MemoryPanel> {
  await panelPlugin.activate(
    lab.app,
    page.sidebar,
    null,
    null,
    restorer,
    state?.db ?? null,
    null
  );
  await settle();
  const [[panel] = []] = lab.added;
  return panel as MemoryPanel;
}

describe('the plugin of the panel', () => {
  it('adds a panel on the right, without any optional service', async () => {
    const panel = await activate();
    expect(lab.added.map(([{ id }, area]) => [id, area])).toEqual([
      ['jupyter-memkit', 'right']
    ]);
    expect(panel.collapsed).toEqual(ASKING);
    expect(page.sidebar.isActive).toBe(false);
  });

  it('is restored with the layout', async () => {
    const restored: [Widget, string][] = [];
    const restorer = {
      add: (widget: Widget, name: string) => {
        restored.push([widget, name]);
      }
    } as unknown as ILayoutRestorer;
    const panel = await activate({ restorer });
    expect(restored).toEqual([[panel, 'jupyter-memkit']]);
  });

  it('acts on the notebook in use', async () => {
    lab.commands.addCommand('notebook:create-new', {
      execute: () => lab.activated.push('new notebook'),
      describedBy: { args: { type: 'object', properties: {} } }
    });
    const panel = await activate();
    Widget.attach(panel, document.body);
    (await vi.waitFor(() => part(panel.node, 'action'))).click();
    expect(lab.activated).toEqual(['new notebook']);
  });

  it('opens no cell, without an error, where there are no notebooks', async () => {
    const panel = await activate();
    Widget.attach(panel, document.body);
    await page.openLive({ running: null });
    const peak = await vi.waitFor(() => part(panel.node, 'peak'));
    expect(() => {
      part(peak, 'button').click();
    }).not.toThrow();
  });
});

describe('the collapsed sections', () => {
  it('are restored', async () => {
    const [variables = ''] = ASKING;
    const state = new FakeState({ [CELLS]: true, [variables]: false });
    const panel = await activate({ state });
    expect(panel.collapsed).toEqual([CELLS, ...ASKING.slice(1)]);
  });

  it('stay as they are where an older version did not know a section', async () => {
    const state = new FakeState({ [CELLS]: true, 'jupyter-memkit-gone': true });
    const panel = await activate({ state });
    expect(panel.collapsed).toEqual([CELLS, ...ASKING]);
  });

  it.each([undefined, null, 'cells', [CELLS]])(
    'are those that ask the kernel if %o was saved',
    async value => {
      const panel = await activate({ state: new FakeState(value) });
      expect(panel.collapsed).toEqual(ASKING);
    }
  );

  it('stay as they are if what was saved is not whether they are', async () => {
    const panel = await activate({ state: new FakeState({ [CELLS]: 'yes' }) });
    expect(panel.collapsed).toEqual(ASKING);
  });

  it('are saved when they change, not when they are restored', async () => {
    const state = new FakeState({ [CELLS]: true });
    const panel = await activate({ state });
    expect(state.saved).toEqual([]);
    panel.collapsed = ASKING;
    const all = panel.widgets.map(({ id }) => id);
    expect(state.saved).toEqual([
      [KEY, Object.fromEntries(all.map(id => [id, ASKING.includes(id)]))]
    ]);
  });

  it('are those that ask the kernel, which is logged, if they cannot be read', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    const panel = await activate({ state: new FakeState(new Error('no')) });
    expect(panel.collapsed).toEqual(ASKING);
    expect(error).toHaveBeenCalledOnce();
  });
});
