import { Notification } from '@jupyterlab/apputils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { warningsPlugin } from '../../src/plugins/warnings';
import type { Changes } from '../fakes/golden';
import { golden } from '../fakes/golden';
import type { FakeKernel } from '../fakes/kernel';
import { evaluated, settle } from '../fakes/kernel';
import { FakeLab, FakeSettings } from '../fakes/lab';
import { FakePage } from '../fakes/page';

const MEBIBYTE = 1024 ** 2;
const LIMIT = 25769803776;

let lab: FakeLab;
let page: FakePage;
let settings: FakeSettings;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  lab = new FakeLab();
  page = new FakePage();
  settings = new FakeSettings({ threshold: 85 });
});

afterEach(() => {
  page.dispose();
  lab.dispose();
  vi.useRealTimers();
});

async function activate(registry: unknown = null): Promise<void> {
  await warningsPlugin.activate(lab.app, page.sidebar, null, registry, null);
  await settle();
}

/** Use a share of the limit, a second after the last message. */
function fill(kernel: FakeKernel, share: number, changes: Changes = {}): void {
  vi.advanceTimersByTime(1000);
  kernel.broadcast(
    golden('samples', {
      'present.gauge.used_bytes': Math.ceil(share * LIMIT),
      ...changes
    })
  );
}

/** The messages of the toasts that are shown. */
function messages(): string[] {
  return Notification.manager.notifications.map(({ message }) => message);
}

/** Press a button of the last toast. */
function press(label: string): void {
  const actions = Notification.manager.notifications.at(-1)?.options.actions;
  const action = actions?.find(each => each.label === label);
  action?.callback(new MouseEvent('click'));
}

describe('the plugin of the warnings', () => {
  it('names the notebook, the limit and the three largest variables', async () => {
    await activate();
    const kernel = await page.openLive();
    fill(kernel, 0.9, {
      'present.largest': ['a', 'b', 'c', 'd'].map((name, index) => ({
        name,
        bytes: (9 - index) * MEBIBYTE,
        accuracy: 'exact'
      }))
    });
    expect(messages()).toEqual([
      'a.ipynb — 90% of 24.0 GiB is in use. — ' +
        'The largest variables: a (9.0 MiB), b (8.0 MiB), c (7.0 MiB).'
    ]);
  });

  it('leaves out variables if none is known', async () => {
    await activate();
    fill(await page.openLive(), 0.9, { 'present.largest': [] });
    expect(messages()).toEqual(['a.ipynb — 90% of 24.0 GiB is in use.']);
  });

  it('can be answered in two ways, for longer than other toasts are shown', async () => {
    await activate();
    fill(await page.openLive(), 0.9);
    const [toast] = Notification.manager.notifications;
    expect(toast?.type).toBe('warning');
    expect(toast?.options.autoClose).toBeGreaterThan(10_000);
    expect(toast?.options.actions?.map(({ label }) => label)).toEqual([
      'Interrupt',
      'Free memory'
    ]);
  });

  it('warns once for one climb', async () => {
    await activate();
    const kernel = await page.openLive();
    for (const share of [0.86, 0.84, 0.9, 0.8, 0.99, 1.2]) {
      fill(kernel, share);
    }
    expect(messages().length).toBe(1);
  });

  it('warns again when memory that was foreseen to be full is at the threshold', async () => {
    await activate();
    const kernel = await page.openLive();
    for (let step = 1; step <= 40; step += 1) {
      vi.advanceTimersByTime(250);
      const usedBytes = Math.ceil((0.5 + step / 100) * LIMIT);
      kernel.broadcast(
        golden('samples', {
          'samples.t_s': [1790000011 + step / 4],
          'samples.rss_bytes': [usedBytes],
          'present.gauge.used_bytes': usedBytes
        })
      );
      expect(messages().length).toBeLessThanOrEqual(1);
    }
    expect(messages()).toEqual([expect.stringMatching(/85% .* full in about/)]);
  });

  it('takes its warning back when memory is free again, and may warn again', async () => {
    await activate();
    const kernel = await page.openLive();
    fill(kernel, 0.9);
    fill(kernel, 0.1);
    expect(messages()).toEqual([]);
    fill(kernel, 0.95);
    expect(messages().length).toBe(1);
  });

  it('takes its warning back when the kernel has died', async () => {
    await activate();
    const kernel = await page.openLive();
    fill(kernel, 0.9);
    kernel.changeStatus('autorestarting');
    expect(messages()).toEqual([]);
  });

  it('does not warn of the memory of another notebook', async () => {
    await activate();
    const first = await page.openLive();
    fill(first, 0.9);
    const second = await page.openLive({}, 'b.ipynb');
    // Its buttons would act on the notebook in use.
    expect(messages()).toEqual([]);
    fill(second, 0.95);
    expect(messages().length).toBe(1);
    expect(messages()[0]).toMatch(/^b\.ipynb — 95%/);
  });

  it('replaces its warning with that of the notebook in use', async () => {
    await activate();
    fill(await page.openLive(), 0.9);
    const used = { 'present.gauge.used_bytes': Math.ceil(0.95 * LIMIT) };
    await page.openLive(used, 'b.ipynb');
    expect(messages().map(message => message.split(' — ')[0])).toEqual([
      'b.ipynb'
    ]);
  });

  it('neither repeats a warning nor keeps another’s when a notebook is used again', async () => {
    await activate();
    fill(await page.openLive(), 0.9);
    const first = page.follower.widget;
    fill(await page.openLive({}, 'b.ipynb'), 0.9);
    expect(messages().length).toBe(1);
    page.notebooks.currentWidget = first;
    page.notebooks.currentChanged.emit(first);
    expect(page.sidebar.alarm?.warning).toBe(1);
    expect(messages()).toEqual([]);
  });

  it('interrupts the kernel', async () => {
    await activate();
    const kernel = await page.openLive();
    fill(kernel, 0.9);
    press('Interrupt');
    await settle();
    expect(kernel.interrupts).toBe(1);
  });

  it('frees memory', async () => {
    await activate();
    const kernel = await page.openLive();
    kernel.results = { run_line_magic: evaluated('None') };
    fill(kernel, 0.9);
    press('Free memory');
    await settle();
    expect(kernel.executed).toEqual([
      '__import__("IPython").get_ipython().run_line_magic("memfree", "")'
    ]);
  });

  it('shows the names of variables as text', async () => {
    await activate();
    const name = '<img src=x onerror=alert(1)>';
    fill(await page.openLive(), 0.9, {
      'present.largest': [{ name, bytes: MEBIBYTE, accuracy: 'exact' }]
    });
    expect(messages()[0]).toContain(name);
    expect(document.querySelector('img')).toBeNull();
  });
});

describe('the threshold of the warnings', () => {
  it('is 85% of the limit unless it is set', async () => {
    settings.composite = {};
    await activate(settings.registry);
    const kernel = await page.openLive();
    fill(kernel, 0.84);
    expect(messages()).toEqual([]);
    fill(kernel, 0.85);
    expect(messages().length).toBe(1);
  });

  it('can be set, and changed at any time', async () => {
    settings.composite = { threshold: 50 };
    await activate(settings.registry);
    expect(settings.loaded).toEqual(['jupyter-memkit:warnings']);
    const kernel = await page.openLive();
    fill(kernel, 0.49);
    expect(messages()).toEqual([]);
    settings.change({ threshold: 40 });
    fill(kernel, 0.49);
    expect(messages().length).toBe(1);
  });

  it('of 100 switches them off: nothing is watched, nothing is said', async () => {
    settings.composite = { threshold: 100 };
    await activate(settings.registry);
    expect(page.sidebar.isActive).toBe(false);
    page.sidebar.setActive('panel', true);
    fill(await page.openLive(), 1.2);
    expect(messages()).toEqual([]);
    expect(page.sidebar.alarm).toBeNull();
  });

  it('switches them on again', async () => {
    settings.composite = { threshold: 100 };
    await activate(settings.registry);
    settings.change({ threshold: 90 });
    expect(page.sidebar.isActive).toBe(true);
    fill(await page.openLive(), 0.95);
    expect(messages().length).toBe(1);
  });
});
