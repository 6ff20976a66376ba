import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ISessionContext } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { buildActions } from '../../src/plugins/actions';
import { Follower } from '../../src/follow';
import plugin from '../../src/index';
import { openCell } from '../../src/plugins/open';
import { followSettings } from '../../src/plugins/settings';
import { Sidebar } from '../../src/model/sidebar';
import type { StatusAction } from '../../src/wire/status';
import { FakeKernel, settle } from '../fakes/kernel';
import { FakeNotebook, FakeShell, FakeTracker } from '../fakes/widgets';

// Each fake below has what is used of the interface that it is cast to.

describe('the plugin', () => {
  it('adds a panel that a command shows', async () => {
    const added: [Widget, string][] = [];
    const activated: string[] = [];
    const commands = new CommandRegistry();
    const app = {
      commands,
      shell: {
        currentWidget: null,
        add: (widget: Widget, area: string) => added.push([widget, area]),
        activateById: (id: string) => activated.push(id)
      },
      serviceManager: { serverSettings: {} }
    } as unknown as JupyterFrontEnd;
    await plugin.activate(app, null, null, null, null, null, null, null);
    expect(added.map(([widget, area]) => [widget.id, area])).toEqual([
      ['jupyter-memkit', 'right']
    ]);
    await commands.execute('jupyter-memkit:open-panel');
    expect(activated).toEqual(['jupyter-memkit']);
    expect(commands.label('jupyter-memkit:open-panel')).toBe('Show Memory');
    added.forEach(([widget]) => {
      widget.dispose();
    });
  });
});

describe('the action', () => {
  let notebooks: FakeTracker;
  let follower: Follower;
  let sidebar: Sidebar;
  let asked: string[];
  let act: (action: StatusAction) => void;

  beforeEach(() => {
    notebooks = new FakeTracker();
    follower = new Follower({
      shell: new FakeShell(),
      trackers: [notebooks.tracker]
    });
    sidebar = new Sidebar({ follower, read: () => Promise.resolve(null) });
    asked = [];
    const dialogs = {
      selectKernel: ({ name }: ISessionContext) => {
        asked.push(`select ${name}`);
        return Promise.resolve();
      },
      restart: ({ name }: ISessionContext) => {
        asked.push(`restart ${name}`);
        return Promise.reject(new Error('no'));
      }
    } as unknown as ISessionContext.IDialogs;
    const commands = new CommandRegistry();
    commands.addCommand('notebook:create-new', {
      execute: () => asked.push('new notebook'),
      describedBy: { args: { type: 'object', properties: {} } }
    });
    act = buildActions(sidebar, follower, dialogs, commands);
  });

  afterEach(() => {
    sidebar.dispose();
    follower.dispose();
    vi.restoreAllMocks();
  });

  it('"select-kernel" opens JupyterLab’s dialog', () => {
    notebooks.use(new FakeNotebook('a.ipynb', null));
    act('select-kernel');
    expect(asked).toEqual(['select a.ipynb']);
  });

  it('"new-notebook" runs JupyterLab’s command', () => {
    act('new-notebook');
    expect(asked).toEqual(['new notebook']);
  });

  it('"interrupt" interrupts the kernel', () => {
    const kernel = new FakeKernel();
    notebooks.use(new FakeNotebook('a.ipynb', kernel));
    act('interrupt');
    expect(kernel.interrupts).toBe(1);
  });

  it('"reload" reloads the page', () => {
    const reload = vi.spyOn(window.location, 'reload').mockReturnValue();
    act('reload');
    expect(reload).toHaveBeenCalledOnce();
  });

  it('without a notebook does nothing', () => {
    act('select-kernel');
    act('interrupt');
    act('restart');
    act('load');
    act('reconnect');
    expect(asked).toEqual([]);
  });

  it('that fails is reported', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    notebooks.use(new FakeNotebook('a.ipynb', new FakeKernel()));
    act('restart');
    await settle();
    expect(error).toHaveBeenCalledOnce();
  });

  it('"load" and "reconnect" reach the kernel', async () => {
    const kernel = new FakeKernel();
    notebooks.use(new FakeNotebook('a.ipynb', kernel));
    sidebar.isActive = true;
    act('load');
    act('reconnect');
    await settle();
    expect(kernel.executed.length).toBe(1);
    expect(kernel.reconnects).toBe(1);
  });

  it.each([
    ['copy-install', '%pip install jupyter_memkit'],
    ['copy-upgrade', '%pip install --upgrade jupyter_memkit']
  ] as const)('"%s" copies the command', (action, command) => {
    let copied = '';
    // The copy that JupyterLab asks the browser for.
    const execCommand = (): boolean => {
      const event = new Event('copy');
      const clipboardData = {
        setData: (_type: string, text: string) => {
          copied = text;
        }
      };
      document.body.dispatchEvent(Object.assign(event, { clipboardData }));
      return true;
    };
    Object.assign(document, { execCommand });
    act(action);
    expect(copied).toBe(command);
  });
});

describe('openCell', () => {
  const notebook = {
    content: {
      activeCellIndex: 0,
      widgets: [{ model: { id: 'first' } }, { model: { id: 'second' } }],
      scrollToItem: vi.fn(() => Promise.reject(new Error('gone')))
    }
  };
  const panel = notebook as unknown as Widget;
  const tracker = {
    find: (matches: (widget: Widget) => boolean) =>
      matches(panel) ? panel : undefined
  } as unknown as INotebookTracker;

  it('goes to the cell with that id, and reports a failure', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    openCell(tracker, panel, 'second');
    await settle();
    expect(notebook.content.activeCellIndex).toBe(1);
    expect(error).toHaveBeenCalledOnce();
    vi.restoreAllMocks();
  });

  it('does nothing if the cell is gone', () => {
    notebook.content.activeCellIndex = 0;
    openCell(tracker, panel, 'deleted');
    openCell(tracker, null, 'second');
    openCell(null, panel, 'second');
    expect(notebook.content.activeCellIndex).toBe(0);
  });
});

describe('followSettings', () => {
  function settings(autoload: unknown) {
    const current = {
      autoload,
      get: () => ({ composite: current.autoload })
    };
    const changed = new Signal<object, void>(current);
    const registry = {
      load: () => Promise.resolve(Object.assign(current, { changed }))
    } as unknown as ISettingRegistry;
    return { current, changed, registry };
  }

  function buildSidebar(): Sidebar {
    const follower = new Follower({ shell: new FakeShell(), trackers: [] });
    return new Sidebar({ follower, read: () => Promise.resolve(null) });
  }

  it('applies the settings and their changes until it is disposed', async () => {
    const sidebar = buildSidebar();
    const { current, changed, registry } = settings(true);
    followSettings(registry, 'jupyter-memkit:plugin', sidebar);
    await settle();
    expect(sidebar.isAutoloading).toBe(true);
    current.autoload = false;
    changed.emit();
    expect(sidebar.isAutoloading).toBe(false);
    sidebar.dispose();
    current.autoload = true;
    changed.emit();
    expect(sidebar.isAutoloading).toBe(false);
  });

  it('reports if they cannot be loaded', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    const registry = {
      load: () => Promise.reject(new Error('no schema'))
    } as unknown as ISettingRegistry;
    followSettings(registry, 'jupyter-memkit:plugin', buildSidebar());
    await settle();
    expect(error).toHaveBeenCalledOnce();
    vi.restoreAllMocks();
  });
});
