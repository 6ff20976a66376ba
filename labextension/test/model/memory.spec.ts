import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { MemoryModel } from '../../src/model/memory';
import type { IServerReading } from '../../src/wire/protocol';
import { decodeServerReading, decodeSnapshot } from '../../src/wire/protocol';
import type { Changes } from '../fakes/golden';
import { decoded, golden } from '../fakes/golden';
import { evaluated, FakeKernel, settle } from '../fakes/kernel';
import { FakeServer } from '../fakes/server';

const SNAPSHOT_S = 1790000010.5;
const SNAPSHOT = decoded(decodeSnapshot, 'snapshot');

let kernel: FakeKernel;
let server: FakeServer;
let model: MemoryModel;

beforeEach(() => {
  // The clocks of the page and of the kernel agree.
  vi.useFakeTimers({ now: SNAPSHOT_S * 1000 });
  kernel = new FakeKernel();
  server = new FakeServer();
  model = new MemoryModel({
    kernel: kernel.connection,
    server,
    isAutoloading: () => false
  });
});

afterEach(() => {
  model.dispose();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function goLive(changes: Changes = {}): Promise<void> {
  model.isActive = true;
  await settle();
  kernel.lastRequest.reply(golden('snapshot', changes));
}

function outside(tS: number, rssBytes: number): IServerReading {
  return decoded(decodeServerReading, 'server_reading', {
    t_s: tS,
    rss_bytes: rssBytes
  });
}

/** The kernel's report at a time. */
function broadcast(tS: number, changes: Changes = {}): void {
  kernel.broadcast(golden('samples', { 'samples.t_s': [tS], ...changes }));
}

describe('MemoryModel', () => {
  it('has no data and sends no requests before it is active', async () => {
    await vi.advanceTimersByTimeAsync(5000);
    expect(model.reading).toBeNull();
    expect(model.status).toEqual({ kind: 'connecting' });
    expect([kernel.requests, server.requests]).toEqual([[], []]);
  });

  it('takes everything from the snapshot', async () => {
    await goLive();
    expect(model.status).toEqual({ kind: 'live' });
    expect(model.reading).toEqual({
      tS: SNAPSHOT_S,
      rssBytes: 419430400,
      childrenBytes: 134217728,
      gauge: SNAPSHOT.present.gauge,
      source: 'kernel'
    });
    expect(model.timeline.length).toBe(3);
    expect(model.cells).toEqual(SNAPSHOT.cells);
    expect(model.present).toEqual(SNAPSHOT.present);
    expect(model.running).toEqual(SNAPSHOT.running);
    expect(model.activity).toEqual(SNAPSHOT.activity);
    expect(model.isBusy).toBe(true);
  });

  it('has no reading in a kernel that has taken none', async () => {
    model.isActive = true;
    await settle();
    kernel.lastRequest.reply(golden('snapshot_empty'));
    expect(model.status).toEqual({ kind: 'live' });
    expect([model.reading, model.secondsToFull]).toEqual([null, null]);
    expect(model.isBusy).toBe(false);
  });

  it('is updated by every broadcast', async () => {
    await goLive();
    kernel.broadcast(golden('samples_idle'));
    expect(model.reading?.tS).toBe(1790000012.5);
    expect([model.running, model.activity]).toEqual([null, null]);
    expect(model.timeline.length).toBe(4);
    expect(model.present?.children).toBe(0);
  });

  it('records the kernel’s memory on GPUs, or all of it if that is unknown', async () => {
    await goLive();
    expect(model.timeline.since(0).gpuBytes).toEqual(
      Array(3).fill(2147483648 + 104857600)
    );
    kernel.broadcast(golden('samples_idle'));
    expect(model.timeline.since(0).gpuBytes.at(-1)).toBe(0);
  });

  it('keeps a cell once, however often it is sent', async () => {
    await goLive();
    kernel.broadcast(golden('cells'));
    expect(model.cells.map(cell => cell.executionCount)).toEqual([5, 6]);
  });

  it('no longer shows an ended cell as running', async () => {
    await goLive();
    const startedS = model.running?.startedS;
    kernel.broadcast(golden('cells', { 'cells.0.started_s': startedS }));
    expect(model.running).toBeNull();
  });

  it('follows running work', async () => {
    await goLive({ activity: null });
    expect(model.activity).toBeNull();
    kernel.broadcast(golden('samples'));
    expect(model.activity?.chunks).toBe(12);
  });

  it('has no running work from before it was active', async () => {
    await goLive();
    model.isActive = false;
    expect([model.activity, model.running]).toEqual([null, null]);
  });

  it('has no running cell after a goodbye, but keeps its data', async () => {
    await goLive();
    kernel.broadcast(golden('goodbye'));
    expect([model.running, model.activity]).toEqual([null, null]);
    expect(model.status).toEqual({ kind: 'not-loaded', error: null });
    expect(model.cells.length).toBe(2);
    expect(model.reading?.tS).toBe(SNAPSHOT_S);
  });

  it('requests what it lacks the next time', async () => {
    await goLive();
    model.isActive = false;
    model.isActive = true;
    await settle();
    expect(kernel.lastRequest.content['since_s']).toBe(SNAPSHOT_S);
    expect(model.cells.length).toBe(2);
  });

  it('signals each change once', async () => {
    let changes = 0;
    model.stateChanged.connect(() => {
      changes += 1;
    });
    await goLive();
    const before = changes;
    kernel.broadcast(golden('samples'));
    expect(changes).toBe(before + 1);
  });

  it('signals frequent readings together, and the times with them', async () => {
    await goLive();
    await vi.advanceTimersByTimeAsync(1000);
    const emitted: string[] = [];
    model.stateChanged.connect(() => {
      emitted.push('state');
    });
    model.ticked.connect(() => {
      emitted.push('tick');
    });
    for (let message = 0; message < 10; message += 1) {
      await vi.advanceTimersByTimeAsync(200);
      kernel.broadcast(golden('samples'));
    }
    expect(emitted.filter(each => each === 'state').length).toBeLessThan(7);
    // A tick alone would cost a frame of its own.
    expect(emitted.length).toBeLessThanOrEqual(2 * 6);
  });

  it('signals the last reading of several', async () => {
    await goLive();
    kernel.broadcast(golden('samples'));
    kernel.broadcast(golden('samples', { 'present.gauge.used_bytes': 7 }));
    let seen: number | undefined;
    model.stateChanged.connect(() => {
      seen = model.present?.gauge?.usedBytes;
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(seen).toBe(7);
  });

  it('reconnects a lost connection', async () => {
    await goLive();
    kernel.changeConnection('disconnected');
    expect(model.staleSinceS).toBe(SNAPSHOT_S);
    await model.reconnect();
    expect(kernel.reconnects).toBe(1);
  });

  it('keeps what another program restarted apart', async () => {
    await goLive({ running: null });
    const { cells } = model;
    kernel.session = 'process-1';
    kernel.beginCell();
    kernel.endCell();
    kernel.session = 'process-2';
    kernel.beginCell();
    expect(model.reading).toBeNull();
    expect(model.cells).toEqual([]);
    expect(model.earlier.map(each => each.cells)).toEqual([cells]);
    expect(model.hasEnded).toBe(false);
  });

  it('leaves no timers or listeners', async () => {
    await goLive();
    model.dispose();
    model.isActive = true;
    kernel.changeStatus('restarting');
    await vi.advanceTimersByTimeAsync(1000);
    expect(model.isActive).toBe(false);
    expect(model.hasEnded).toBe(false);
    // What is left is the wait for the farewell’s answer.
    kernel.lastRequest.reply(golden('unsubscribed'));
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('MemoryModel#ticked', () => {
  let ticks: number;

  beforeEach(() => {
    ticks = 0;
    model.ticked.connect(() => {
      ticks += 1;
    });
  });

  it('is emitted twice a second while a cell runs', async () => {
    await goLive();
    ticks = 0;
    await vi.advanceTimersByTimeAsync(2000);
    expect(ticks).toBe(4);
  });

  it('is emitted once a second for an idle kernel', async () => {
    await goLive({ running: null });
    ticks = 0;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ticks).toBe(10);
  });

  it('is not emitted on a hidden page or while nothing shows the kernel', async () => {
    await goLive();
    ticks = 0;
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    await vi.advanceTimersByTimeAsync(5000);
    hidden.mockRestore();
    model.isActive = false;
    await vi.advanceTimersByTimeAsync(5000);
    expect(ticks).toBe(0);
  });
});

describe('a silent kernel in a cell', () => {
  it('is read by the server until it sends again', async () => {
    await goLive();
    server.reading = outside(SNAPSHOT_S + 1, 629145600);
    await vi.advanceTimersByTimeAsync(1100);
    expect(model.reading).toEqual({
      tS: SNAPSHOT_S + 1,
      rssBytes: 629145600,
      childrenBytes: 134217728,
      gauge: server.reading.gauge,
      source: 'server'
    });
    broadcast(SNAPSHOT_S + 2);
    expect(model.reading?.source).toBe('kernel');
    const asked = server.count('memory');
    await vi.advanceTimersByTimeAsync(500);
    expect(server.count('memory')).toBe(asked);
  });

  it('has the peak and the history that only the server saw', async () => {
    await goLive();
    server.reading = outside(SNAPSHOT_S + 1, 629145600);
    await vi.advanceTimersByTimeAsync(1100);
    kernel.broadcast(golden('samples'));
    expect(model.running?.peakBytes).toBe(629145600);
    const { rssBytes, childrenBytes, gpuBytes } = model.timeline.since(0);
    expect(
      [rssBytes, childrenBytes, gpuBytes].map(each => each.at(-1))
    ).toEqual([629145600, 134217728, 2147483648 + 104857600]);
  });

  it('is asked for what is later than its own last message', async () => {
    await goLive();
    server.reading = outside(SNAPSHOT_S + 1, 629145600);
    await vi.advanceTimersByTimeAsync(1100);
    model.isActive = false;
    model.isActive = true;
    await settle();
    expect(kernel.lastRequest.content['since_s']).toBe(SNAPSHOT_S);
  });

  it('is stale, and the page blind, if the server cannot read it either', async () => {
    await goLive();
    await vi.advanceTimersByTimeAsync(2900);
    expect([model.staleSinceS, model.isBlind]).toEqual([null, false]);
    await vi.advanceTimersByTimeAsync(200);
    expect([model.staleSinceS, model.isBlind]).toEqual([SNAPSHOT_S, true]);
  });

  it('is current again as soon as the server answers', async () => {
    await goLive();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(model.isBlind).toBe(true);
    for (let second = 0; second < 60; second += 1) {
      server.reading = outside(Date.now() / 1000, 629145600);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect([model.staleSinceS, model.isBlind]).toEqual([null, false]);
  });

  it('is not polled on a hidden page', async () => {
    await goLive();
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    await vi.advanceTimersByTimeAsync(5000);
    expect(server.count('memory')).toBe(0);
  });

  it('is not polled while nothing shows it, and late answers are dropped', async () => {
    await goLive();
    server.reading = outside(SNAPSHOT_S + 1, 629145600);
    vi.advanceTimersByTime(1000);
    expect(server.count('memory')).toBe(1);
    model.isActive = false;
    await vi.advanceTimersByTimeAsync(5000);
    expect(server.count('memory')).toBe(1);
    expect(model.reading?.tS).toBe(SNAPSHOT_S);
  });
});

describe('an idle kernel', () => {
  it('is never stale and never polled under a limit of its own', async () => {
    await goLive({ running: null, 'present.gauge.covers': 'family' });
    await vi.advanceTimersByTimeAsync(60000);
    expect([model.staleSinceS, model.isBlind]).toEqual([null, false]);
    expect(server.count('memory')).toBe(0);
  });

  it('shows what others use of a limit that they share', async () => {
    await goLive({ running: null, 'present.gauge.covers': 'container' });
    const before = model.reading;
    server.reading = outside(SNAPSHOT_S + 4, 1);
    await vi.advanceTimersByTimeAsync(60000);
    expect(model.reading).toEqual({ ...before, gauge: server.reading.gauge });
    expect(server.count('memory')).toBe(12);
  });

  it('is not stale after an hour in which the page slept', async () => {
    await goLive({ running: null });
    vi.setSystemTime((SNAPSHOT_S + 3600) * 1000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(model.staleSinceS).toBeNull();
    expect(model.reading?.rssBytes).toBe(419430400);
  });
});

describe('MemoryModel#secondsToFull', () => {
  const GIBIBYTE = 1024 ** 3;

  /** Growth of a GiB a second, with 21 GiB left. */
  async function climb(changes: Changes = {}): Promise<void> {
    await goLive(changes);
    for (let step = 1; step <= 20; step += 1) {
      broadcast(SNAPSHOT_S + step / 4, {
        'samples.rss_bytes': [419430400 + (step * GIBIBYTE) / 4],
        ...changes
      });
    }
  }

  it('is the time that the present growth leaves', async () => {
    await climb();
    expect(model.secondsToFull).toBeCloseTo(21, 0);
  });

  it('is unknown while no cell runs', async () => {
    await climb({ running: null });
    expect(model.secondsToFull).toBeNull();
  });

  it('is unknown after the end of the process', async () => {
    await climb();
    kernel.changeStatus('autorestarting');
    expect(model.secondsToFull).toBeNull();
  });
});

describe('MemoryModel#isProbing', () => {
  async function leaveUnhandled(): Promise<void> {
    await settle();
    kernel.lastRequest.idle();
    await vi.advanceTimersByTimeAsync(1000);
  }

  beforeEach(() => {
    kernel.results = { find_spec: evaluated('False') };
    model.isActive = true;
  });

  it('lets nothing be executed in a silent kernel while the panel is closed', async () => {
    await leaveUnhandled();
    expect(model.status).toEqual({ kind: 'not-loaded', error: null });
    expect(kernel.executed).toEqual([]);
  });

  it('finds out the reason when the panel is opened', async () => {
    await leaveUnhandled();
    model.isProbing = true;
    expect(model.isProbing).toBe(true);
    await leaveUnhandled();
    expect(model.status).toEqual({ kind: 'not-installed' });
    expect(kernel.executed.length).toBe(1);
  });

  it('does not ask twice while the panel stays open', async () => {
    model.isProbing = true;
    kernel.results = { find_spec: evaluated('True') };
    await leaveUnhandled();
    model.isProbing = true;
    await leaveUnhandled();
    expect(kernel.executed.length).toBe(1);
  });

  it('leaves a kernel that answers alone', async () => {
    await settle();
    kernel.lastRequest.reply(golden('snapshot'));
    model.isProbing = true;
    await settle();
    expect(kernel.requests.length).toBe(1);
  });
});

describe('MemoryModel#load() and #runMagic()', () => {
  it('reach the kernel while it is active', async () => {
    kernel.results = {
      load_extension: evaluated('None'),
      run_line_magic: evaluated('None')
    };
    await model.load();
    await model.runMagic('memfree', '');
    expect(kernel.executed).toEqual([]);
    model.isActive = true;
    await model.load();
    await model.runMagic('memfree', '');
    expect(kernel.executed.length).toBe(2);
  });
});

describe.each([-3600, 3600])(
  'a kernel and a server whose clocks are %d s off',
  aheadS => {
    beforeEach(() => {
      vi.setSystemTime((SNAPSHOT_S - aheadS) * 1000);
      kernel.aheadS = aheadS;
    });

    it('have times on the kernel’s clock', async () => {
      await goLive();
      await vi.advanceTimersByTimeAsync(2000);
      expect(model.nowS).toBeCloseTo(SNAPSHOT_S + 2, 3);
      expect(model.nowS - (model.running?.startedS ?? 0)).toBeCloseTo(2.25, 3);
    });

    it('are stale only when nothing has come for a while', async () => {
      await goLive();
      await vi.advanceTimersByTimeAsync(2500);
      expect(model.staleSinceS).toBeNull();
      await vi.advanceTimersByTimeAsync(1000);
      expect(model.staleSinceS).toBe(SNAPSHOT_S);
    });

    it('are not stale if the server alone reads the memory', async () => {
      model.isActive = true;
      server.reading = outside(SNAPSHOT_S, 629145600);
      kernel.beginCell();
      await vi.advanceTimersByTimeAsync(250);
      expect(model.reading?.source).toBe('server');
      expect(model.staleSinceS).toBeNull();
    });
  }
);
