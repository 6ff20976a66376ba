import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { MemoryModel } from '../../src/model/memory';
import type { IDeath } from '../../src/wire/protocol';
import { decodeLastDeath, decodeServerReading } from '../../src/wire/protocol';
import type { Changes } from '../fakes/golden';
import { decoded, golden } from '../fakes/golden';
import { FakeKernel, settle } from '../fakes/kernel';
import { FakeServer } from '../fakes/server';

const SNAPSHOT_S = 1790000010.5;
const DEATH = decoded(decodeLastDeath, 'last_death').death as IDeath;
const ENDED = decoded(decodeServerReading, 'server_reading_dead');

let kernel: FakeKernel;
let server: FakeServer;
let model: MemoryModel;

beforeEach(() => {
  vi.useFakeTimers({ now: SNAPSHOT_S * 1000 });
  kernel = new FakeKernel();
  server = new FakeServer();
  model = build();
});

afterEach(() => {
  model.dispose();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function build(): MemoryModel {
  return new MemoryModel({
    kernel: kernel.connection,
    server,
    isAutoloading: () => false
  });
}

async function goLive(changes: Changes = {}): Promise<void> {
  model.isActive = true;
  await settle();
  kernel.lastRequest.reply(golden('snapshot', changes));
}

/** The system kills the process; the server sees it before JupyterLab does. */
async function kill(): Promise<void> {
  server.reading = ENDED;
  server.death = DEATH;
  await vi.advanceTimersByTimeAsync(1000);
}

/** Another process answers. */
async function restart(changes: Changes = {}): Promise<void> {
  kernel.changeStatus('autorestarting');
  kernel.changeStatus('idle');
  await settle();
  kernel.lastRequest.reply(golden('snapshot_empty', changes));
  await settle();
}

describe('a process that the server finds dead', () => {
  beforeEach(async () => {
    await goLive();
    await kill();
  });

  it('has ended, and has no memory rather than 0 B', () => {
    expect(model.hasEnded).toBe(true);
    expect([model.reading, model.present]).toEqual([null, null]);
    expect(model.timeline.length).toBe(3);
    expect(model.timeline.since(0).rssBytes).not.toContain(0);
  });

  it('runs nothing any more', () => {
    expect([model.isBusy, model.running, model.activity]).toEqual([
      false,
      null,
      null
    ]);
  });

  it('leaves a break in the timeline', () => {
    expect(model.timeline.breaksS).toEqual([SNAPSHOT_S + 1]);
  });

  it('leaves its cells apart from those of the next one', () => {
    expect(model.cells).toEqual([]);
    expect(
      model.earlier.map(({ cells }) => cells.map(cell => cell.executionCount))
    ).toEqual([[5, 6]]);
  });

  it('is reported with what is known of its death', () => {
    expect(model.death).toEqual(DEATH);
  });

  it('is not read any more', async () => {
    const asked = server.count('memory');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.count('memory')).toBe(asked);
  });

  it('ends once, although JupyterLab notices its end later', async () => {
    await vi.advanceTimersByTimeAsync(3000);
    kernel.changeStatus('autorestarting');
    expect(model.timeline.breaksS).toEqual([SNAPSHOT_S + 1]);
    expect(model.earlier.length).toBe(1);
  });

  it('keeps its report over a restart', async () => {
    await restart();
    expect(model.hasEnded).toBe(false);
    expect(model.status).toEqual({ kind: 'live' });
    expect(model.death).toEqual(DEATH);
  });

  it('has its report on a page that is loaded later', async () => {
    const reloaded = build();
    reloaded.isActive = true;
    await settle();
    expect(reloaded.death).toEqual(DEATH);
    reloaded.dispose();
  });
});

describe('a report on a death', () => {
  beforeEach(async () => {
    await goLive();
    await kill();
  });

  it('goes at once when it is dismissed, here and on the server', async () => {
    let changes = 0;
    model.stateChanged.connect(() => {
      changes += 1;
    });
    const dismissed = model.dismissDeath();
    expect([model.death, changes]).toEqual([null, 1]);
    await dismissed;
    expect(server.count(`dismiss ${DEATH.id}`)).toBe(1);
    await restart();
    expect(model.death).toBeNull();
  });

  it('is dismissed once', async () => {
    await model.dismissDeath();
    await model.dismissDeath();
    expect(server.count(`dismiss ${DEATH.id}`)).toBe(1);
  });

  it('comes back if the server could not be reached', async () => {
    server.isDown = true;
    await expect(model.dismissDeath()).rejects.toThrow('network');
    server.isDown = false;
    model.isActive = false;
    model.isActive = true;
    await settle();
    expect(model.death).toEqual(DEATH);
  });
});

describe('MemoryModel#death', () => {
  it('is asked for when JupyterLab reports the end of the process', async () => {
    await goLive();
    const asked = server.count('death');
    server.death = DEATH;
    kernel.changeStatus('dead');
    await settle();
    expect(server.count('death')).toBe(asked + 1);
    expect(model.death).toEqual(DEATH);
  });

  it('is not asked for after a restart by the user', async () => {
    await goLive();
    const asked = server.count('death');
    kernel.changeStatus('restarting');
    kernel.changeStatus('idle');
    await settle();
    expect(server.count('death')).toBe(asked);
  });

  it('is not asked for while nothing shows the kernel', async () => {
    kernel.changeStatus('autorestarting');
    kernel.changeStatus('dead');
    await settle();
    expect(server.requests).toEqual([]);
  });

  it('stays unknown while the server cannot be asked, which is logged', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    server.isDown = true;
    await goLive();
    await settle();
    expect(model.death).toBeNull();
    expect(model.status).toEqual({ kind: 'live' });
    expect(warn).toHaveBeenCalledOnce();
    server.isDown = false;
    server.death = DEATH;
    kernel.changeStatus('autorestarting');
    await settle();
    expect(model.death).toEqual(DEATH);
  });

  it('is not signalled after disposal', async () => {
    server.death = DEATH;
    model.isActive = true;
    let changes = 0;
    model.stateChanged.connect(() => {
      changes += 1;
    });
    model.dispose();
    changes = 0;
    await settle();
    expect(changes).toBe(0);
  });
});

describe('a process that is restarted', () => {
  it('keeps nothing of the old one but its history', async () => {
    await goLive();
    kernel.changeStatus('restarting');
    expect([model.reading, model.present, model.activity]).toEqual([
      null,
      null,
      null
    ]);
    expect([model.cells, model.running]).toEqual([[], null]);
    expect(model.timeline.length).toBe(3);
    expect(model.hasEnded).toBe(true);
  });

  it('has only its own cells, whose numbers begin again', async () => {
    await goLive();
    await restart();
    kernel.broadcast(
      golden('cells', {
        'cells.0.execution_count': 1,
        'cells.0.started_s': SNAPSHOT_S + 1,
        'cells.1.started_s': SNAPSHOT_S + 2
      })
    );
    expect(model.cells.map(cell => cell.executionCount)).toEqual([1, 6]);
    expect(model.earlier.length).toBe(1);
  });

  it('is alive before it has loaded the extension', async () => {
    await goLive();
    kernel.changeStatus('restarting');
    let changes = 0;
    model.stateChanged.connect(() => {
      changes += 1;
    });
    kernel.changeStatus('busy');
    expect(model.hasEnded).toBe(false);
    expect(changes).toBeGreaterThan(0);
    kernel.changeStatus('idle');
    await settle();
    kernel.lastRequest.idle();
    await vi.advanceTimersByTimeAsync(1000);
    kernel.beginCell();
    expect(model.status).toMatchObject({ kind: 'not-loaded' });
    expect(model.isBusy).toBe(true);
  });

  it('is read by the server while it has not loaded the extension', async () => {
    await goLive();
    kernel.changeStatus('restarting');
    kernel.changeStatus('idle');
    server.reading = { ...ENDED, isAlive: true, rssBytes: 500, tS: 1790000013 };
    kernel.sendCell();
    await vi.advanceTimersByTimeAsync(2000);
    expect(model.reading).toMatchObject({ rssBytes: 500, source: 'server' });
    expect(model.timeline.since(0).childrenBytes.at(-1)).toBe(0);
  });

  it('does not show a reading of the old one that arrives late', async () => {
    await goLive();
    server.reading = { ...ENDED, isAlive: true, rssBytes: 500 };
    vi.advanceTimersByTime(1000);
    expect(server.count('memory')).toBe(1);
    kernel.changeStatus('restarting');
    await settle();
    expect(model.reading).toBeNull();
    expect(model.timeline.length).toBe(3);
  });

  it('receives no message that was sent before its end', async () => {
    await goLive();
    await kill();
    kernel.broadcast(golden('samples', { 'samples.t_s': [SNAPSHOT_S + 2] }));
    kernel.broadcast(golden('cells'));
    expect(model.hasEnded).toBe(true);
    expect(model.reading).toBeNull();
    expect(model.cells).toEqual([]);
  });

  it('may do so ten times in a row', async () => {
    await goLive();
    for (let turn = 1; turn <= 10; turn += 1) {
      await restart();
      kernel.broadcast(
        golden('cells', {
          'cells.0.started_s': SNAPSHOT_S + turn - 0.5,
          'cells.1.started_s': SNAPSHOT_S + turn - 0.25
        })
      );
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(model.timeline.breaksS.length).toBe(10);
    expect(model.earlier.length).toBe(10);
    expect(model.cells.length).toBe(2);
    expect(model.status).toEqual({ kind: 'live' });
  });
});
