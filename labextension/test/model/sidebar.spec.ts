import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Changes } from '../fakes/golden';
import { golden } from '../fakes/golden';
import { evaluated, FakeKernel, settle } from '../fakes/kernel';
import { FakePage } from '../fakes/page';

let page: FakePage;

beforeEach(() => {
  page = new FakePage();
});

afterEach(() => {
  page.dispose();
});

describe('Sidebar#status', () => {
  it('is "no-session" with nothing open', () => {
    expect(page.sidebar.status).toEqual({ kind: 'no-session' });
    expect(page.sidebar.isKernelKnown).toBe(false);
  });

  it('is "no-kernel" for a notebook without, "connecting" while one starts', () => {
    const notebook = page.open(null);
    expect(page.sidebar.status).toEqual({ kind: 'no-kernel' });
    notebook.sessionContext.kernelDisplayStatus = 'initializing';
    expect(page.sidebar.status).toEqual({ kind: 'connecting' });
  });

  it('is that of the channel for a kernel', async () => {
    const kernel = new FakeKernel();
    kernel.language = 'R';
    page.sidebar.setActive('panel', true);
    page.open(kernel);
    await settle();
    expect(page.sidebar.status).toEqual({ kind: 'unsupported', language: 'r' });
    expect(page.sidebar.isKernelKnown).toBe(false);
  });

  it('is that of a kernel with the extension', async () => {
    page.sidebar.setActive('panel', true);
    await page.openLive();
    expect(page.sidebar.status).toEqual({ kind: 'live' });
    expect(page.sidebar.isKernelKnown).toBe(true);
  });
});

describe('Sidebar#setActive()', () => {
  it('activates the model of the kernel in use', async () => {
    const kernel = new FakeKernel();
    page.open(kernel);
    await settle();
    expect(kernel.requests).toEqual([]);
    page.sidebar.setActive('panel', true);
    await settle();
    kernel.lastRequest.reply(golden('snapshot'));
    page.sidebar.setActive('panel', false);
    expect(kernel.requestTypes).toEqual(['subscribe', 'unsubscribe']);
  });

  it('keeps it active while any part of the page shows the memory', async () => {
    page.sidebar.setActive('panel', true);
    page.sidebar.setActive('status', true);
    const kernel = await page.openLive();
    page.sidebar.setActive('panel', false);
    expect(page.sidebar.isActive).toBe(true);
    page.sidebar.setActive('status', false);
    expect(page.sidebar.isActive).toBe(false);
    expect(kernel.requestTypes).toEqual(['subscribe', 'unsubscribe']);
  });

  it('moves from one kernel to the next', async () => {
    page.sidebar.setActive('panel', true);
    const first = await page.openLive();
    const second = await page.openLive({}, 'b.ipynb');
    expect(first.requestTypes).toEqual(['subscribe', 'unsubscribe']);
    expect(second.requestTypes).toEqual(['subscribe']);
  });

  it.each([
    ['panel', 1],
    ['status', 0],
    ['warnings', 0]
  ] as const)(
    'of the %s executes in a silent kernel %d times',
    async (user, times) => {
      vi.useFakeTimers();
      const kernel = new FakeKernel();
      kernel.results = { find_spec: evaluated('True') };
      page.sidebar.setActive(user, true);
      page.open(kernel);
      await settle();
      kernel.lastRequest.idle();
      await vi.advanceTimersByTimeAsync(1000);
      vi.useRealTimers();
      expect(kernel.executed.length).toBe(times);
      expect(page.sidebar.status).toMatchObject({ kind: 'not-loaded' });
    }
  );

  it('finds out about a silent kernel when the panel is opened later', async () => {
    vi.useFakeTimers();
    const kernel = new FakeKernel();
    kernel.results = { find_spec: evaluated('False') };
    page.open(kernel);
    for (const user of ['status', 'panel'] as const) {
      page.sidebar.setActive(user, true);
      await settle();
      kernel.lastRequest.idle();
      await vi.advanceTimersByTimeAsync(1000);
    }
    vi.useRealTimers();
    expect(page.sidebar.status).toEqual({ kind: 'not-installed' });
  });
});

describe('Sidebar#model', () => {
  it('is kept with its history for when its notebook is used again', async () => {
    page.sidebar.setActive('panel', true);
    await page.openLive();
    const { model } = page.sidebar;
    const first = page.follower.widget;
    page.open(new FakeKernel(), 'b.ipynb');
    expect(page.sidebar.model).not.toBe(model);
    expect(page.sidebar.name).toBe('b.ipynb');
    page.notebooks.currentWidget = first;
    page.notebooks.currentChanged.emit(first);
    expect(page.sidebar.model).toBe(model);
    expect(model?.timeline.length).toBe(3);
  });

  it('is dropped with its kernel', () => {
    const kernel = new FakeKernel();
    page.open(kernel);
    const { model } = page.sidebar;
    kernel.isDisposed = true;
    kernel.disposed.emit();
    expect(model?.isDisposed).toBe(true);
    expect(page.sidebar.status).toEqual({ kind: 'no-kernel' });
  });

  it('is the same for two notebooks with one kernel', () => {
    const kernel = new FakeKernel();
    page.open(kernel);
    const { model } = page.sidebar;
    page.open(kernel, 'b.ipynb');
    expect(page.sidebar.model).toBe(model);
  });
});

describe('Sidebar#isAutoloading', () => {
  it('loads the extension into the kernel in use as soon as it is set', async () => {
    vi.useFakeTimers();
    page.sidebar.setActive('panel', true);
    const kernel = new FakeKernel();
    kernel.results = {
      find_spec: evaluated('True'),
      load_extension: evaluated('None')
    };
    const leaveUnhandled = async (): Promise<void> => {
      await settle();
      kernel.lastRequest.idle();
      await vi.advanceTimersByTimeAsync(1000);
    };
    page.open(kernel);
    await leaveUnhandled();
    expect(page.sidebar.status).toEqual({ kind: 'not-loaded', error: null });
    page.sidebar.isAutoloading = true;
    await leaveUnhandled();
    expect(kernel.executed.join()).toContain('load_extension');
    kernel.lastRequest.reply(golden('snapshot'));
    expect(page.sidebar.status).toEqual({ kind: 'live' });
    vi.useRealTimers();
  });
});

describe('Sidebar#alarm', () => {
  const GAUGE = 'present.gauge.used_bytes';
  const FULL: Changes = { [GAUGE]: 25_000_000_000 };

  beforeEach(() => {
    page.sidebar.setActive('warnings', true);
  });

  it('is raised at 85% of the limit', async () => {
    const kernel = await page.openLive();
    expect(page.sidebar.alarm).toBeNull();
    kernel.broadcast(golden('samples', FULL));
    expect(page.sidebar.alarm).toMatchObject({
      limitBytes: 25769803776,
      warning: 1
    });
    expect(page.sidebar.alarm?.share).toBeCloseTo(0.97);
  });

  it('follows the threshold of the settings at once', async () => {
    await page.openLive();
    await page.openLive({}, 'b.ipynb');
    expect(page.sidebar.alarm).toBeNull();
    page.sidebar.threshold = 0.1;
    expect(page.sidebar.alarm?.share).toBe(0.125);
    page.sidebar.threshold = 0.2;
    expect(page.sidebar.alarm).toBeNull();
  });

  it('ends with the process', async () => {
    const kernel = await page.openLive();
    kernel.broadcast(golden('samples', FULL));
    kernel.changeStatus('autorestarting');
    expect(page.sidebar.alarm).toBeNull();
  });

  it('states the time that is left only while a cell runs', async () => {
    vi.useFakeTimers();
    page.sidebar.setActive('panel', true);
    const kernel = await page.openLive({ running: null });
    kernel.beginCell();
    for (let step = 1; step <= 20; step += 1) {
      kernel.broadcast(
        golden('samples', {
          ...FULL,
          running: null,
          'samples.t_s': [1790000011 + step / 4],
          'samples.rss_bytes': [419430400 + step * 2 ** 28]
        })
      );
    }
    await vi.advanceTimersByTimeAsync(1000);
    expect(page.sidebar.alarm?.secondsToFull).not.toBeNull();
    kernel.endCell();
    await vi.advanceTimersByTimeAsync(1000);
    expect(page.sidebar.alarm).toMatchObject({
      secondsToFull: null,
      warning: 1
    });
    vi.useRealTimers();
  });

  it('belongs to a kernel, and is the same climb when its notebook is used again', async () => {
    const kernel = await page.openLive();
    const first = page.follower.widget;
    kernel.broadcast(golden('samples', FULL));
    await page.openLive({}, 'b.ipynb');
    expect(page.sidebar.alarm).toBeNull();
    page.notebooks.currentWidget = first;
    page.notebooks.currentChanged.emit(first);
    expect(page.sidebar.alarm?.warning).toBe(1);
    await settle();
    kernel.lastRequest.reply(golden('snapshot', FULL));
    expect(page.sidebar.alarm?.warning).toBe(1);
  });
});

describe('Sidebar#isWaiting', () => {
  let kernel: FakeKernel;
  let finish: () => void;
  let work: Promise<void>;

  beforeEach(async () => {
    page.sidebar.setActive('panel', true);
    kernel = await page.openLive({ running: null });
    work = new Promise(resolve => {
      finish = resolve;
    });
  });

  it('lasts while what the user asked for waits for the running cell', async () => {
    kernel.beginCell();
    expect(page.sidebar.isWaiting).toBe(false);
    const waited = page.sidebar.wait(work);
    expect(page.sidebar.isWaiting).toBe(true);
    finish();
    await waited;
    expect(page.sidebar.isWaiting).toBe(false);
  });

  it('is false while the kernel can do it at once', () => {
    void page.sidebar.wait(work);
    expect(page.sidebar.isWaiting).toBe(false);
  });

  it('is signalled at its beginning and its end', async () => {
    const seen: boolean[] = [];
    page.sidebar.stateChanged.connect(() => {
      seen.push(page.sidebar.isWaiting);
    });
    kernel.beginCell();
    seen.length = 0;
    const waited = page.sidebar.wait(work);
    finish();
    await waited;
    expect(seen).toEqual([true, false]);
  });

  it('ends with a failure, which is passed on', async () => {
    kernel.beginCell();
    const failing = Promise.reject(new Error('no'));
    await expect(page.sidebar.wait(failing)).rejects.toThrow('no');
    expect(page.sidebar.isWaiting).toBe(false);
  });

  it('lasts until the last of several is done', async () => {
    kernel.beginCell();
    void page.sidebar.wait(work);
    await page.sidebar.wait(Promise.resolve());
    expect(page.sidebar.isWaiting).toBe(true);
  });
});

describe('Sidebar#stateChanged', () => {
  let changes: number;

  beforeEach(() => {
    changes = 0;
    page.sidebar.stateChanged.connect(() => {
      changes += 1;
    });
  });

  it('signals a new range once', () => {
    page.sidebar.rangeS = 60;
    page.sidebar.rangeS = 60;
    expect(changes).toBe(1);
    expect(page.sidebar.rangeS).toBe(60);
  });

  it('signals what its model signals, and nothing of another one', async () => {
    page.sidebar.setActive('panel', true);
    const left = await page.openLive();
    const used = await page.openLive({}, 'b.ipynb');
    changes = 0;
    used.broadcast(golden('samples'));
    left.broadcast(golden('samples'));
    left.changeStatus('restarting');
    expect(changes).toBe(1);
  });

  it('is silent after disposal', () => {
    const notebook = page.open(new FakeKernel());
    const { model } = page.sidebar;
    page.sidebar.dispose();
    page.sidebar.dispose();
    changes = 0;
    notebook.sessionContext.changeKernel(null);
    expect(changes).toBe(0);
    expect(page.sidebar.isDisposed).toBe(true);
    expect(model?.isDisposed).toBe(true);
    expect(page.follower.isDisposed).toBe(true);
  });
});

describe('Sidebar#ticked', () => {
  it('ticks with the model in use', async () => {
    vi.useFakeTimers();
    page.sidebar.setActive('panel', true);
    await page.openLive();
    let ticks = 0;
    page.sidebar.ticked.connect(() => {
      ticks += 1;
    });
    await vi.advanceTimersByTimeAsync(1000);
    vi.useRealTimers();
    expect(ticks).toBe(2);
  });
});
