import { nullTranslator } from '@jupyterlab/translation';
import { Notification } from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { PanelAction } from '../../src/panel/actions';
import { buildActions } from '../../src/plugins/actions';
import { decodeLastDeath } from '../../src/wire/protocol';
import { decoded } from '../fakes/golden';
import { evaluated, FakeKernel, raised, settle } from '../fakes/kernel';
import { FakeLab } from '../fakes/lab';
import { FakePage } from '../fakes/page';

let lab: FakeLab;
let page: FakePage;
let asked: string[];
let act: (action: PanelAction) => void;

beforeEach(() => {
  lab = new FakeLab();
  page = new FakePage();
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
  lab.commands.addCommand('notebook:create-new', {
    execute: () => asked.push('new notebook'),
    describedBy: { args: { type: 'object', properties: {} } }
  });
  act = buildActions(page.sidebar, dialogs, lab.commands, nullTranslator);
});

afterEach(() => {
  page.dispose();
  lab.dispose();
  vi.restoreAllMocks();
});

describe('the action', () => {
  it('"select-kernel" opens JupyterLab’s dialog', () => {
    page.open(null);
    act('select-kernel');
    expect(asked).toEqual(['select a.ipynb']);
  });

  it('"new-notebook" runs JupyterLab’s command', () => {
    act('new-notebook');
    expect(asked).toEqual(['new notebook']);
  });

  it('"interrupt" interrupts the kernel', () => {
    const kernel = new FakeKernel();
    page.open(kernel);
    act('interrupt');
    expect(kernel.interrupts).toBe(1);
  });

  it('"reload" reloads the page', () => {
    const reload = vi.spyOn(window.location, 'reload').mockReturnValue();
    act('reload');
    expect(reload).toHaveBeenCalledOnce();
  });

  it('"export" writes a new file, and says where it is', async () => {
    const said = vi.spyOn(Notification, 'success').mockReturnValue('');
    page.sidebar.setActive('panel', true);
    const kernel = await page.openLive();
    kernel.results = { run_line_magic: evaluated('None') };
    act('export');
    await settle();
    const [code = ''] = kernel.executed.slice(-1);
    const name = /"memkit", "export (memory-\d{8}-\d{6}\.html)"/.exec(
      code
    )?.[1];
    expect(name).toBeDefined();
    expect(said.mock.lastCall?.[0]).toContain(name);
  });

  it('"export" names the file by the user’s clock', async () => {
    page.sidebar.setActive('panel', true);
    const kernel = await page.openLive();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 31, 20) });
    vi.spyOn(Date.prototype, 'getTimezoneOffset').mockReturnValue(-9 * 60);
    act('export');
    vi.useRealTimers();
    await settle();
    expect(kernel.executed.at(-1)).toContain('memory-20260201-050000.html');
  });

  it('"export" that fails shows the kernel’s sentence', async () => {
    const said = vi.spyOn(Notification, 'success');
    const failed = vi.spyOn(Notification, 'error').mockReturnValue('');
    vi.spyOn(console, 'error').mockReturnValue();
    page.sidebar.setActive('panel', true);
    const kernel = await page.openLive();
    kernel.results = {
      run_line_magic: raised('MemkitError', 'cannot be written')
    };
    act('export');
    await settle();
    expect(failed.mock.lastCall?.[0]).toContain('cannot be written');
    expect(said).not.toHaveBeenCalled();
  });

  it('"load" and "reconnect" reach the kernel', async () => {
    const kernel = new FakeKernel();
    kernel.results = { load_extension: evaluated('None') };
    page.open(kernel);
    page.sidebar.setActive('panel', true);
    act('load');
    act('reconnect');
    await settle();
    expect(kernel.executed.length).toBe(1);
    expect(kernel.reconnects).toBe(1);
  });

  it('"dismiss-death" also removes the report on the server', async () => {
    const { death } = decoded(decodeLastDeath, 'last_death');
    page.server.death = death;
    page.sidebar.setActive('panel', true);
    await page.openLive();
    expect(page.sidebar.model?.death).toEqual(death);
    act('dismiss-death');
    await settle();
    expect(page.sidebar.model?.death).toBeNull();
    expect(page.server.death).toBeNull();
  });

  it.each<[PanelAction, string]>([
    ['arm-guard', '("memguard", "auto")'],
    ['disarm-guard', '("memguard", "off")'],
    ['resume-collector', '("gc_pause", "off")'],
    ['free', '("memfree", "")']
  ])('"%s" runs a magic with a fixed line', async (action, call) => {
    page.sidebar.setActive('panel', true);
    const kernel = await page.openLive({ 'present.collector_pause': null });
    kernel.results = { run_line_magic: evaluated('None') };
    act(action);
    await settle();
    expect(kernel.executed).toEqual([
      `__import__("IPython").get_ipython().run_line_magic${call}`
    ]);
  });

  it('"resume-collector" enables what %gc_pause has not paused', async () => {
    page.sidebar.setActive('panel', true);
    const kernel = await page.openLive({
      'present.collector_pause.by': 'gc.disable()'
    });
    kernel.results = { 'gc")': evaluated('None') };
    act('resume-collector');
    await settle();
    expect(kernel.executed).toEqual(['__import__("gc").enable()']);
  });

  it('that a running cell delays is shown to wait', async () => {
    page.sidebar.setActive('panel', true);
    const kernel = await page.openLive();
    vi.spyOn(kernel, 'requestExecute').mockReturnValue({
      msg: { header: { msg_id: 'ours' } },
      done: new Promise(() => undefined)
    });
    kernel.beginCell();
    act('free');
    expect(page.sidebar.isWaiting).toBe(true);
  });

  it.each<PanelAction>([
    'select-kernel',
    'interrupt',
    'restart',
    'load',
    'reconnect',
    'free',
    'dismiss-death'
  ])('"%s" does nothing without a notebook', async action => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    act(action);
    await settle();
    expect(asked).toEqual([]);
    expect(page.sidebar.isWaiting).toBe(false);
    expect(error).not.toHaveBeenCalled();
  });

  it('that fails is logged, and the user sees why', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    page.open(new FakeKernel());
    act('restart');
    await settle();
    expect(error).toHaveBeenCalledOnce();
    expect(
      Notification.manager.notifications.map(({ type, message }) => [
        type,
        message
      ])
    ).toEqual([['error', 'no']]);
  });

  it('whose magic fails shows what the magic raised', async () => {
    vi.spyOn(console, 'error').mockReturnValue();
    page.sidebar.setActive('panel', true);
    const kernel = await page.openLive();
    kernel.results = { run_line_magic: raised('UsageError', 'no room') };
    act('arm-guard');
    await settle();
    expect(
      Notification.manager.notifications.map(({ message }) => message)
    ).toEqual(['UsageError: no room']);
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
