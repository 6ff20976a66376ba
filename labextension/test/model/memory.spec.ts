import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { MemoryModel } from '../../src/model/memory';
import type {
  Cells,
  Samples,
  IServerReading,
  Snapshot
} from '../../src/wire/protocol';
import { buildChartData } from '../../src/chart/series';
import { golden } from '../fakes/golden';
import { FakeKernel, settle } from '../fakes/kernel';

const SNAPSHOT_S = 1790000010.5;
const FILE = 'orders.csv';

let kernel: FakeKernel;
let model: MemoryModel;
let reading: IServerReading | null;
let asked: number;

beforeEach(() => {
  // The clocks of the page and of the kernel agree.
  vi.useFakeTimers({ now: SNAPSHOT_S * 1000 });
  kernel = new FakeKernel();
  reading = null;
  asked = 0;
  model = new MemoryModel({
    kernel: kernel.connection,
    read: () => {
      asked += 1;
      return Promise.resolve(reading);
    },
    isAutoloading: () => false
  });
});

afterEach(() => {
  model.dispose();
  vi.useRealTimers();
});

async function goLive(changes: Partial<Snapshot> = {}): Promise<void> {
  model.isActive = true;
  await settle();
  kernel.lastRequest.reply(golden<Snapshot>('snapshot', changes));
}

function outside(t_s: number, rss_bytes: number): IServerReading {
  return golden<IServerReading>('server_reading', { t_s, rss_bytes });
}

describe('MemoryModel', () => {
  it('has no data and sends no requests before it is active', async () => {
    await vi.advanceTimersByTimeAsync(5000);
    expect(model.reading).toBeNull();
    expect([kernel.requests.length, asked]).toEqual([0, 0]);
  });

  it('takes everything from the snapshot', async () => {
    await goLive();
    expect(model.status).toEqual({ kind: 'live' });
    expect(model.reading).toEqual({
      tS: SNAPSHOT_S,
      rssBytes: 419430400,
      source: 'kernel'
    });
    expect(model.limit).toEqual({
      bytes: 25769803776,
      name: 'cgroup memory.max'
    });
    expect(model.timeline.length).toBe(3);
    expect(model.cells[0]).toEqual({
      executionCount: 5,
      cellId: '591785b7',
      firstLine: 'a = np.ones(50_000_000)',
      startedS: 1790000000.5,
      durationS: 0.25,
      beforeBytes: 83886080,
      afterBytes: 83886080,
      peakBytes: 483886080,
      exact: true,
      childrenBeforeBytes: 0,
      childrenPeakBytes: 0,
      childrenExact: true,
      gcS: 0,
      majorFaults: 0,
      peakLine: 'b = a + a',
      error: null
    });
    expect(model.present).toMatchObject({
      children: 2,
      childrenBytes: 134217728,
      swapBytes: 0,
      gpus: [
        {
          index: 0,
          processBytes: 2147483648,
          allocators: [{ library: 'torch', allocatedBytes: 1073741824 }]
        },
        { index: 1, processBytes: null, allocators: [] }
      ],
      collectorPause: { enabled: false, by: 'gc.disable()', sinceS: null }
    });
    expect(model.running?.executionCount).toBe(7);
    expect(model.isBusy).toBe(true);
    expect(model.activity).toEqual({
      label: FILE,
      unit: 'rows',
      toldS: SNAPSHOT_S,
      done: 12400000,
      total: 20000000,
      perS: 1240000,
      chunks: 12,
      chunkPeakBytes: 89128960,
      budgetBytes: 150000000
    });
  });

  it('is updated by every broadcast', async () => {
    await goLive();
    kernel.broadcast(golden('samples_idle'));
    expect(model.reading?.tS).toBe(1790000012.5);
    expect(model.running).toBeNull();
    expect(model.activity).toBeNull();
    expect(model.timeline.length).toBe(4);
    expect(model.present?.children).toBe(0);
  });

  it('keeps the child processes while only the server is read', async () => {
    await goLive();
    reading = outside(SNAPSHOT_S + 2, 500);
    await vi.advanceTimersByTimeAsync(2000);
    expect(model.reading?.source).toBe('server');
    expect(model.timeline.since(0).childrenBytes.at(-1)).toBe(134217728);
    expect(buildChartData(model, null).childrenBytes.at(-1)).toBe(134217728);
  });

  it('has no child-process memory if there are none', async () => {
    await goLive({
      present: {
        children: 0,
        swap_bytes: null,
        gpus: [],
        collector_pause: null
      }
    });
    expect(model.present?.childrenBytes).toBe(0);
  });

  it('drops children and GPUs of the old process on a restart', async () => {
    await goLive();
    kernel.changeStatus('restarting');
    expect(model.present).toBeNull();
    reading = outside(SNAPSHOT_S + 2, 500);
    kernel.sendCell();
    await vi.advanceTimersByTimeAsync(2000);
    expect(model.reading?.source).toBe('server');
    expect(model.timeline.since(0).childrenBytes.at(-1)).toBe(0);
  });

  it('keeps a cell once, however often it is sent', async () => {
    await goLive();
    kernel.broadcast(golden('cells'));
    expect(model.cells.map(cell => cell.executionCount)).toEqual([5, 6]);
  });

  it('no longer shows an ended cell as running', async () => {
    await goLive();
    const [cell] = golden<Cells>('cells').cells;
    const started_s = model.running?.startedS;
    kernel.broadcast(golden('cells', { cells: [{ ...cell, started_s }] }));
    expect(model.running).toBeNull();
  });

  it('keeps the last hundred cells', async () => {
    await goLive();
    const [cell] = golden<Cells>('cells').cells;
    const cells = Array.from({ length: 150 }, (_unused, index) => ({
      ...cell,
      started_s: 1790000100 + index
    }));
    kernel.broadcast(golden('cells', { cells }));
    expect(model.cells.length).toBe(100);
    expect(model.cells.at(-1)?.startedS).toBe(1790000249);
  });

  it('follows running work', async () => {
    await goLive({ activity: null });
    expect(model.activity).toBeNull();
    kernel.broadcast(golden('samples'));
    expect(model.activity?.chunks).toBe(12);
  });

  it('has no running work before it was active', async () => {
    await goLive();
    model.isActive = false;
    expect(model.activity).toBeNull();
  });

  it('drops the running cell on a restart, but not the history', async () => {
    await goLive();
    kernel.changeStatus('restarting');
    expect([model.cells, model.running]).toEqual([[], null]);
    expect(model.activity).toBeNull();
    expect(model.timeline.length).toBe(3);
  });

  it('has no running cell after a goodbye', async () => {
    await goLive();
    kernel.broadcast(golden('goodbye'));
    expect([model.running, model.activity]).toEqual([null, null]);
  });

  it('requests what it lacks the next time', async () => {
    await goLive();
    model.isActive = false;
    model.isActive = true;
    await settle();
    expect(kernel.lastRequest.content['since_s']).toBe(SNAPSHOT_S);
    expect(model.cells.length).toBe(2);
  });

  it('signals changes', async () => {
    let changes = 0;
    model.stateChanged.connect(() => {
      changes += 1;
    });
    await goLive();
    const before = changes;
    kernel.broadcast(golden('samples'));
    expect(changes).toBe(before + 1);
  });

  it('reconnects a lost connection', async () => {
    await goLive();
    kernel.changeConnection('disconnected');
    await model.reconnect();
    expect(kernel.reconnects).toBe(1);
  });

  it('leaves no timers or listeners', async () => {
    await goLive();
    model.dispose();
    model.isActive = true;
    kernel.changeStatus('restarting');
    expect(model.isActive).toBe(false);
    expect(model.cells.length).toBe(2);
    // What is left is the wait for the farewell’s answer.
    kernel.lastRequest.reply(golden('unsubscribed'));
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a silent kernel in a cell', () => {
  it('is read by the server until it sends again', async () => {
    await goLive();
    reading = outside(SNAPSHOT_S + 1, 629145600);
    await vi.advanceTimersByTimeAsync(1100);
    expect(model.reading).toEqual({
      tS: SNAPSHOT_S + 1,
      rssBytes: 629145600,
      source: 'server'
    });
    kernel.broadcast(
      golden<Samples>('samples', {
        samples: {
          t_s: [SNAPSHOT_S + 2],
          rss_bytes: [1],
          peak_bytes: [1],
          children_bytes: [0]
        }
      })
    );
    expect(model.reading?.source).toBe('kernel');
    const askedBefore = asked;
    await vi.advanceTimersByTimeAsync(500);
    expect(asked).toBe(askedBefore);
  });

  it('has the peak that only the server saw', async () => {
    await goLive();
    reading = outside(SNAPSHOT_S + 1, 629145600);
    await vi.advanceTimersByTimeAsync(1100);
    kernel.broadcast(golden('samples'));
    expect(model.running?.peakBytes).toBe(629145600);
  });

  it('is asked for what is later than its own last message', async () => {
    await goLive();
    reading = outside(SNAPSHOT_S + 1, 629145600);
    await vi.advanceTimersByTimeAsync(1100);
    model.isActive = false;
    model.isActive = true;
    await settle();
    expect(kernel.lastRequest.content['since_s']).toBe(SNAPSHOT_S);
  });

  it('is stale if the server cannot read it either', async () => {
    await goLive();
    await vi.advanceTimersByTimeAsync(2900);
    expect(model.staleSinceS).toBeNull();
    await vi.advanceTimersByTimeAsync(200);
    expect(model.staleSinceS).toBe(SNAPSHOT_S);
    expect(asked).toBe(1);
  });

  it('is not polled on a hidden page', async () => {
    await goLive();
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    await vi.advanceTimersByTimeAsync(5000);
    expect(asked).toBe(0);
    vi.restoreAllMocks();
  });
});

describe('an idle kernel', () => {
  it('is never stale and never polled', async () => {
    await goLive({ running: null });
    await vi.advanceTimersByTimeAsync(60000);
    expect(model.staleSinceS).toBeNull();
    expect(asked).toBe(0);
  });

  it('is outdated when it is lost', async () => {
    await goLive({ running: null });
    kernel.changeStatus('dead');
    expect(model.staleSinceS).toBe(SNAPSHOT_S);
  });
});

describe('buildChartData', () => {
  it('extends the last reading up to now', async () => {
    await goLive({ running: null });
    await vi.advanceTimersByTimeAsync(10000);
    const data = buildChartData(model, null);
    expect(data.toS).toBeCloseTo(SNAPSHOT_S + 10);
    expect(data.tS.at(-1)).toBe(data.toS);
    expect(data.rssBytes.at(-1)).toBe(419430400);
  });

  it('ends with the last reading if that may be outdated', async () => {
    await goLive();
    await vi.advanceTimersByTimeAsync(10000);
    expect(buildChartData(model, null).tS.at(-1)).toBe(SNAPSHOT_S);
  });

  it('contains only the range, and the cells in it', async () => {
    await goLive({ running: null });
    await vi.advanceTimersByTimeAsync(52000);
    const data = buildChartData(model, 60);
    expect(data.toS - data.fromS).toBeCloseTo(52.5);
    expect(data.cells.map(cell => cell.executionCount)).toEqual([]);
    await vi.advanceTimersByTimeAsync(30000);
    const later = buildChartData(model, 60);
    expect(later.toS - later.fromS).toBe(60);
    expect(later.limitBytes).toBe(25769803776);
  });

  it('contains the cells that overlap the range', async () => {
    await goLive({ running: null });
    await vi.advanceTimersByTimeAsync(20000);
    const counts = buildChartData(model, 300).cells.map(
      cell => cell.executionCount
    );
    expect(counts).toEqual([5, 6]);
  });

  it('does not squeeze a short history into a long range', async () => {
    await goLive();
    const data = buildChartData(model, 3600);
    expect(data.toS - data.fromS).toBe(30);
  });
});
