import { Clipboard, Notification } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { buildCures } from '../../src/plugins/cures';
import { FakeKernel, settle } from '../fakes/kernel';
import { FakeLab } from '../fakes/lab';
import { FakePage } from '../fakes/page';
import { trans } from '../fakes/trans';

let lab: FakeLab;
let page: FakePage;
let done: string[];
let copied: string[];

beforeEach(() => {
  lab = new FakeLab();
  page = new FakePage();
  done = [];
  copied = [];
  for (const command of ['notebook:insert-cell-below', 'notebook:run-cell']) {
    lab.commands.addCommand(command, {
      execute: () => done.push(command),
      describedBy: { args: { type: 'object', properties: {} } }
    });
  }
  vi.spyOn(Clipboard, 'copyToSystem').mockImplementation(text => {
    copied.push(typeof text === 'string' ? text : 'no text');
  });
});

afterEach(() => {
  page.dispose();
  lab.dispose();
  vi.restoreAllMocks();
});

/** A tracker whose notebook is in front or not. */
function trackerOf(isInFront: boolean): INotebookTracker {
  page.open(new FakeKernel());
  const sharedModel = {
    setSource: (source: string) => done.push(`source ${source}`)
  };
  const content = { activeCell: { model: { sharedModel } } };
  const panel = isInFront
    ? Object.assign(page.follower.widget ?? {}, { content })
    : { content };
  return { currentWidget: panel } as unknown as INotebookTracker;
}

it('inserts a cure below the active cell', async () => {
  const apply = buildCures(page.sidebar, trackerOf(true), lab.commands, trans);
  apply('%shrink orders', 'insert');
  await settle();
  expect(done).toEqual(['notebook:insert-cell-below', 'source %shrink orders']);
});

it('runs the cure as a cell', async () => {
  const apply = buildCures(page.sidebar, trackerOf(true), lab.commands, trans);
  apply('%shrink orders', 'run');
  await settle();
  expect(done.at(-1)).toBe('notebook:run-cell');
  expect(copied).toEqual([]);
});

it('copies the cure where no cell can be inserted, or on request', async () => {
  buildCures(page.sidebar, trackerOf(false), lab.commands, trans)('a', 'run');
  buildCures(page.sidebar, null, lab.commands, trans)('b', 'insert');
  buildCures(page.sidebar, trackerOf(true), lab.commands, trans)('c', 'copy');
  await settle();
  expect(copied).toEqual(['a', 'b', 'c']);
  expect(done).toEqual([]);
});

it('reports what fails', async () => {
  const error = vi.spyOn(console, 'error').mockReturnValue();
  const shown = vi.spyOn(Notification, 'error').mockReturnValue('id');
  const tracker = { currentWidget: page.follower.widget } as INotebookTracker;
  vi.spyOn(Clipboard, 'copyToSystem').mockImplementation(() => {
    throw new Error('no clipboard');
  });
  buildCures(page.sidebar, tracker, lab.commands, trans)('a', 'copy');
  await settle();
  expect(shown).toHaveBeenCalledWith('no clipboard');
  expect(error).toHaveBeenCalledOnce();
});
