import { readFileSync } from 'node:fs';

import type { ICommandPalette, IPaletteItem } from '@jupyterlab/apputils';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { commandsPlugin } from '../../src/plugins/commands';
import { CommandIDs } from '../../src/plugins/tokens';
import { evaluated, FakeKernel, settle } from '../fakes/kernel';
import { FakeLab } from '../fakes/lab';
import { FakePage } from '../fakes/page';

/** The commands that do something in the kernel. */
const MAGICS: [command: string, call: string][] = [
  [CommandIDs.free, '("memfree", "")'],
  [CommandIDs.armGuard, '("memguard", "auto")'],
  [CommandIDs.disarmGuard, '("memguard", "off")'],
  [CommandIDs.resumeCollector, '("gc_pause", "off")']
];

let lab: FakeLab;
let page: FakePage;

beforeEach(() => {
  lab = new FakeLab();
  page = new FakePage();
  page.sidebar.setActive('panel', true);
});

afterEach(() => {
  page.dispose();
  lab.dispose();
});

async function activate(palette: ICommandPalette | null = null): Promise<void> {
  await commandsPlugin.activate(lab.app, page.sidebar, null, palette, null);
}

describe('the plugin of the commands', () => {
  it('brings the panel to the front', async () => {
    await activate();
    expect(lab.commands.label(CommandIDs.openPanel)).toBe('Show Memory');
    await lab.commands.execute(CommandIDs.openPanel);
    expect(lab.activated).toEqual(['jupyter-memkit']);
  });

  it.each(MAGICS)('runs a magic by %s', async (command, call) => {
    await activate();
    const kernel = await page.openLive({ 'present.collector_pause': null });
    kernel.results = { run_line_magic: evaluated('None') };
    await lab.commands.execute(command);
    await settle();
    expect(kernel.executed.map(code => code.slice(-call.length))).toEqual([
      call
    ]);
  });

  it.each(MAGICS)('enables %s only with a kernel that can do it', async id => {
    await activate();
    expect(lab.commands.isEnabled(id)).toBe(false);
    page.open(new FakeKernel(), 'silent.ipynb');
    expect(lab.commands.isEnabled(id)).toBe(false);
    const kernel = await page.openLive();
    expect(lab.commands.isEnabled(id)).toBe(true);
    kernel.changeStatus('dead');
    expect(lab.commands.isEnabled(id)).toBe(false);
  });

  it('can always show the panel', async () => {
    await activate();
    expect(lab.commands.isEnabled(CommandIDs.openPanel)).toBe(true);
  });

  it('has a label and a caption for each command', async () => {
    await activate();
    for (const id of Object.values(CommandIDs)) {
      expect(lab.commands.label(id)).not.toBe('');
      expect(lab.commands.caption(id)).not.toBe('');
    }
  });

  it('adds each command to the palette', async () => {
    const items: IPaletteItem[] = [];
    await activate({
      addItem: (item: IPaletteItem) => {
        items.push(item);
      }
    } as unknown as ICommandPalette);
    expect(items.map(({ command }) => command).sort()).toEqual(
      Object.values<string>(CommandIDs).sort()
    );
    expect(new Set(items.map(({ category }) => category))).toEqual(
      new Set(['Memory'])
    );
  });

  it('has each command that the View menu shows', async () => {
    await activate();
    const schema = readFileSync(
      `${import.meta.dirname}/../../schema/commands.json`,
      'utf-8'
    );
    const shown = schema.match(/(?<="command": ")[^"]+/g) ?? [];
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.filter(id => !lab.commands.hasCommand(id))).toEqual([]);
  });
});
