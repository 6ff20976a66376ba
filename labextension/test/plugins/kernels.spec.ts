import type { WidgetTracker } from '@jupyterlab/apputils';
import { Dialog, Notification } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import { KernelAPI } from '@jupyterlab/services';
import type { IRunningSessions } from '@jupyterlab/running';
import type { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { IKernelRow } from '../../src/model/kernels';
import { actOnKernel } from '../../src/plugins/kernelActions';
import { kernelsPlugin } from '../../src/plugins/kernels';
import { openMenu } from '../../src/plugins/menu';
import { runningPlugin } from '../../src/plugins/running';
import type { IKernelsService } from '../../src/plugins/tokens';
import { SHOW_KERNELS } from '../../src/plugins/tokens';
import { FakeKernels, SESSION, listed } from '../fakes/kernels';
import { settle } from '../fakes/kernel';
import { FakeLab } from '../fakes/lab';
import { trans } from '../fakes/trans';

let lab: FakeLab;
let kernels: FakeKernels;

beforeEach(() => {
  vi.stubGlobal('requestIdleCallback', (run: () => void) => setTimeout(run));
  lab = new FakeLab();
  kernels = new FakeKernels();
});

afterEach(() => {
  kernels.model.dispose();
  lab.dispose();
  Dialog.flush();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function readRow(): Promise<IKernelRow> {
  vi.useFakeTimers();
  const [row] = await kernels.read(listed());
  vi.useRealTimers();
  return row as IKernelRow;
}

/** Answer the next question with one of its buttons. */
async function answer(label: string): Promise<string> {
  const dialog = await vi.waitFor(() => {
    const found = document.querySelector<HTMLElement>('.jp-Dialog');
    expect(found).not.toBeNull();
    return found as HTMLElement;
  });
  const text = dialog.textContent;
  [...dialog.querySelectorAll('button')]
    .find(button => button.textContent === label)
    ?.click();
  return text;
}

describe('actOnKernel()', () => {
  const act = async (
    action: Parameters<typeof actOnKernel>[0],
    row: IKernelRow,
    connection: Kernel.IKernelConnection | null = null
  ): Promise<void> => {
    await actOnKernel(action, row, {
      app: lab.app,
      kernels: kernels.model,
      findConnection: () => connection,
      trans
    });
  };

  it.each([
    ['notebook', 'docmanager:open'],
    ['console', 'console:open']
  ])('opens a %s', async (type, command) => {
    kernels.sessions = [{ ...SESSION, type }];
    const opened: unknown[] = [];
    lab.commands.addCommand(command, {
      execute: ({ path }) => opened.push(path),
      describedBy: { args: { type: 'object', properties: {} } }
    });
    await act('open', await readRow());
    expect(opened).toEqual([SESSION.path]);
  });

  it('interrupts at once', async () => {
    const interrupt = vi
      .spyOn(KernelAPI, 'interruptKernel')
      .mockResolvedValue();
    const row = await readRow();
    await act('interrupt', row);
    expect(interrupt.mock.calls[0]?.[0]).toBe(row.kernelId);
  });

  it('restarts after a question that shows names as text', async () => {
    const restart = vi.spyOn(KernelAPI, 'restartKernel').mockResolvedValue();
    const row = await readRow();
    const cancelled = act('restart', row);
    expect(await answer('Cancel')).toContain(
      'Restart the kernel of <b>train.ipynb (at least 6.1 GiB)?'
    );
    await cancelled;
    expect(restart).not.toHaveBeenCalled();
    const done = act('restart', row);
    await answer('Restart');
    await done;
    expect(restart.mock.calls[0]?.[0]).toBe(row.kernelId);
  });

  it('restarts the kernel of an open notebook by its connection', async () => {
    const restart = vi.fn(() => Promise.resolve());
    const connection = { restart } as unknown as Kernel.IKernelConnection;
    const done = act('restart', await readRow(), connection);
    await answer('Restart');
    await done;
    expect(restart).toHaveBeenCalledOnce();
  });

  it('shuts a notebook’s session down, and drops it from the list', async () => {
    const row = await readRow();
    const done = act('shutdown', row);
    await answer('Shut Down');
    await done;
    expect(lab.shutDown).toEqual([SESSION.id]);
    expect(kernels.model.rows).not.toContain(row);
  });

  it('shuts a kernel without a notebook down', async () => {
    kernels.sessions = [];
    const row = await readRow();
    const done = act('shutdown', row);
    await answer('Shut Down');
    await done;
    expect(lab.shutDown).toEqual([row.kernelId]);
  });

  it('reports a failure, and keeps the row', async () => {
    vi.spyOn(KernelAPI, 'interruptKernel').mockRejectedValue(new Error('gone'));
    const error = vi.spyOn(console, 'error').mockReturnValue();
    const notify = vi.spyOn(Notification, 'error');
    const row = await readRow();
    await act('interrupt', row);
    expect(error).toHaveBeenCalledOnce();
    expect(notify).toHaveBeenCalledWith('gone');
    expect(kernels.model.rows).toContain(row);
  });
});

describe('the plugin of the kernels', () => {
  it('opens one panel, when it is asked to', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(null)));
    await kernelsPlugin.activate(lab.app, null, null, null, null, null);
    expect(lab.added).toEqual([]);
    await lab.commands.execute(SHOW_KERNELS);
    await lab.commands.execute(SHOW_KERNELS);
    expect(lab.added.map(([{ id }, area]) => [id, area])).toEqual([
      ['jupyter-memkit-kernels', 'right']
    ]);
    expect(lab.activated).toHaveLength(2);
  });

  it('has the panel restored by its command', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(null)));
    const restored: [WidgetTracker, string][] = [];
    const restorer = {
      restore: (tracker: WidgetTracker, options: { command: string }) => {
        restored.push([tracker, options.command]);
        return Promise.resolve();
      }
    };
    await kernelsPlugin.activate(lab.app, null, null, null, restorer, null);
    await lab.commands.execute(SHOW_KERNELS);
    const [tracker, command] = restored[0] ?? [];
    expect(command).toBe(SHOW_KERNELS);
    expect(tracker?.has(lab.added[0]?.[0] as Widget)).toBe(true);
  });
});

describe('the plugin of the Running panel', () => {
  let manager: IRunningSessions.IManager | undefined;
  let acts: string[];

  beforeEach(async () => {
    manager = undefined;
    acts = [];
    const service: IKernelsService = {
      kernels: kernels.model,
      act: action => {
        acts.push(action);
        return Promise.resolve();
      }
    };
    const managers = {
      add: (added: IRunningSessions.IManager) => {
        manager = added;
      }
    };
    await runningPlugin.activate(lab.app, service, managers, null);
  });

  it('reads nothing before an item is rendered in the visible panel', async () => {
    vi.useFakeTimers();
    const panel = document.createElement('div');
    panel.className = 'jp-RunningSessions';
    document.body.append(panel);
    let parent: Element | null = null;
    Object.defineProperty(panel, 'offsetParent', { get: () => parent });
    const items = manager?.running({ mode: 'list' }) ?? [];
    const labels = items.map(item => item.label());
    expect(labels).toEqual(['Waiting for the Jupyter server…']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(kernels.server.requests).toEqual([]);
    parent = document.body;
    items.map(item => item.label());
    await vi.advanceTimersByTimeAsync(10_000);
    expect(kernels.server.requests).toEqual(['list']);
    panel.remove();
    expect(manager?.runningChanged).toBe(kernels.model.stateChanged);
  });

  it('lists the kernels with their memory, and marks a large idle one', async () => {
    await readRow();
    const [large, other] = manager?.running({ mode: 'list' }) ?? [];
    expect(large?.label()).toBe('at least 6.1 GiB — <b>train.ipynb');
    expect(large?.className).toBe('jp-Memkit-hoarding');
    expect(large?.detail?.()).toBe('idle for 2 h 0 min, holds 6.1 GiB');
    expect(large?.labelTitle?.()).toContain('25% of 24.0 GiB');
    expect(other?.className).toBeUndefined();
    expect(other?.detail?.()).toBe('');
    expect(other?.icon()).toBe(large?.icon());
    large?.open?.();
    large?.shutdown?.();
    expect(acts).toEqual(['open', 'shutdown']);
  });

  it('shuts all kernels down', async () => {
    manager?.shutdownAll();
    await settle();
    expect(lab.shutDown).toEqual(['all']);
  });

  it('reads again when the panel is refreshed', async () => {
    vi.useFakeTimers();
    manager?.refreshRunning();
    await vi.advanceTimersByTimeAsync(0);
    expect(kernels.server.requests).toEqual(['list']);
  });

  it('is not needed', async () => {
    const service = { kernels: kernels.model, act: () => Promise.resolve() };
    await runningPlugin.activate(lab.app, service, null, null);
    expect(lab.added).toEqual([]);
  });
});

describe('openMenu()', () => {
  it('lists the commands, and gives the focus back', async () => {
    const ran: string[] = [];
    lab.commands.addCommand(SHOW_KERNELS, {
      label: trans.__('All kernels'),
      execute: () => ran.push(SHOW_KERNELS),
      describedBy: { args: { type: 'object', properties: {} } }
    });
    const button = document.createElement('button');
    document.body.append(button);
    openMenu(lab.commands, button);
    const menu = document.querySelector<HTMLElement>('.lm-Menu');
    expect(menu?.textContent).toContain('All kernels');
    menu?.dispatchEvent(
      new KeyboardEvent('keydown', { keyCode: 27, bubbles: true })
    );
    expect(document.activeElement).toBe(button);
    await vi.waitFor(() => {
      expect(document.querySelector('.lm-Menu')).toBeNull();
    });
    button.remove();
  });
});
