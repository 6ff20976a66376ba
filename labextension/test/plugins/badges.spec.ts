import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import schema from '../../schema/badges.json';
import { badgesPlugin } from '../../src/plugins/badges';
import { ended, FakeSidebar } from '../fakes/cells';
import { FakeCell, FakeNotebooks, FakePanel } from '../fakes/notebooks';

const TOGGLE = 'jupyter-memkit:toggle-badges';

/**
 * The settings of the plugin, as the user stores them.
 */
class FakeSettings {
  constructor(public isOn: unknown) {}

  readonly changed = new Signal<this, void>(this);
  readonly set = vi.fn((_id: string, _name: string, value: unknown) => {
    this.change(value);
    return Promise.resolve();
  });

  get registry(): ISettingRegistry {
    return this as unknown as ISettingRegistry;
  }

  load(): Promise<this> {
    return Promise.resolve(this);
  }

  get(): { composite: unknown } {
    return { composite: this.isOn };
  }

  change(value: unknown): void {
    this.isOn = value;
    this.changed.emit();
  }
}

let commands: CommandRegistry;
let cell: FakeCell;
let palette: string[];

function activate(settings: ISettingRegistry | null): void {
  const fake = new FakeSidebar();
  const panel = new FakePanel([cell]);
  fake.follower.widget = panel;
  fake.receive([ended({ cellId: 'first', executionCount: 1 })]);
  // Each has what is used of the interface that it is cast to.
  const app = { commands } as unknown as JupyterFrontEnd;
  const added = {
    addItem: ({ command }: { command: string }) => palette.push(command)
  } as unknown as ICommandPalette;
  const { tracker } = new FakeNotebooks([panel]);
  void badgesPlugin.activate(app, fake.sidebar, tracker, settings, added, null);
}

function shown(isShown: boolean): Promise<void> {
  return vi.waitFor(() => {
    expect(cell.badge !== null).toBe(isShown);
    expect(commands.isToggled(TOGGLE)).toBe(isShown);
  });
}

beforeEach(() => {
  commands = new CommandRegistry();
  cell = new FakeCell('first', 1);
  palette = [];
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the plugin of the badges', () => {
  it('shows them, also without settings', async () => {
    activate(null);
    await shown(true);
    await commands.execute(TOGGLE);
    await shown(false);
  });

  it('shows none if the user has switched them off', async () => {
    activate(new FakeSettings(false).registry);
    await vi.waitFor(() => import('../../src/badges/badges'));
    await shown(false);
  });

  it('follows the setting', async () => {
    const settings = new FakeSettings(true);
    activate(settings.registry);
    await shown(true);
    settings.change(false);
    await shown(false);
    settings.change(true);
    await shown(true);
  });

  it('switches them off with one command, for good', async () => {
    const settings = new FakeSettings(true);
    activate(settings.registry);
    await shown(true);
    expect(commands.label(TOGGLE)).toBe('Show Memory Badges');
    await commands.execute(TOGGLE);
    await shown(false);
    expect(settings.set).toHaveBeenCalledExactlyOnceWith(
      'jupyter-memkit:badges',
      'badges',
      false
    );
  });

  it('ends in the last of two quick switches', async () => {
    const settings = new FakeSettings(true);
    activate(settings.registry);
    await shown(true);
    settings.change(false);
    settings.change(true);
    await shown(true);
    settings.change(true);
    settings.change(false);
    await shown(false);
    expect(cell.node.querySelector('.jp-Memkit-badge')).toBeNull();
  });

  it('adds its command to the palette and to the View menu', () => {
    activate(null);
    expect(palette).toEqual([TOGGLE]);
    const [menu] = schema['jupyter.lab.menus'].main;
    expect(menu?.id).toBe('jp-mainmenu-view');
    expect(menu?.items.map(({ command }) => command)).toEqual([TOGGLE]);
  });

  it('has its setting in the schema, on by default', () => {
    expect(schema.properties.badges.default).toBe(true);
  });

  it('reports settings that cannot be loaded', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    const settings = new FakeSettings(true);
    vi.spyOn(settings, 'load').mockRejectedValue(new Error('no schema'));
    activate(settings.registry);
    await vi.waitFor(() => {
      expect(error).toHaveBeenCalledOnce();
    });
  });
});
