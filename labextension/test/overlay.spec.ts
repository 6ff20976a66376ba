import { beforeEach, describe, expect, it } from 'vitest';

import type { IOverlayState } from '../src/overlay';
import { pollInterval, ServerOverlay } from '../src/overlay';
import type { IServerReading } from '../src/wire/protocol';
import { decodeServerReading } from '../src/wire/protocol';
import type { ChannelStatus } from '../src/wire/status';
import { decoded } from './fakes/golden';
import { settle } from './fakes/kernel';
import { FakeServer } from './fakes/server';

const LIVE: ChannelStatus = { kind: 'live' };
const BUSY: ChannelStatus = { kind: 'busy' };
const READING = decoded(decodeServerReading, 'server_reading');

/** The kernels that cannot send readings themselves. */
const MUTE: ChannelStatus[] = [
  { kind: 'not-loaded', error: null },
  { kind: 'not-installed' },
  { kind: 'unsupported', language: 'r' },
  { kind: 'incompatible', kernel: 2, lab: 1 },
  { kind: 'unreadable' }
];

function state(
  status: ChannelStatus,
  changes: Partial<IOverlayState> = {}
): IOverlayState {
  return { status, isExecuting: true, silentForS: 0, ...changes };
}

describe('pollInterval', () => {
  it.each<[string, IOverlayState, number | null]>([
    ['a kernel that sends readings', state(LIVE), null],
    ['a silent kernel in a cell', state(LIVE, { silentForS: 0.9 }), 0.5],
    ['a kernel that is not there yet', state({ kind: 'connecting' }), 0.5],
    ['a kernel that has not answered', state(BUSY), 0.5],
    ['no notebook', state({ kind: 'no-session' }), null],
    ['no kernel', state({ kind: 'no-kernel' }), null],
    ['a lost kernel', state({ kind: 'lost', reason: 'died' }), null],
    [
      'a silent kernel that is idle',
      state(LIVE, { silentForS: 60, isExecuting: false }),
      null
    ]
  ])('for %s', (_name, given, intervalS) => {
    expect(pollInterval(given)).toBe(intervalS);
  });

  it.each(MUTE)('for a kernel that is $kind, faster in a cell', status => {
    expect(pollInterval(state(status))).toBe(2);
    expect(pollInterval(state(status, { isExecuting: false }))).toBe(5);
  });
});

describe('ServerOverlay', () => {
  let server: FakeServer;
  let readings: IServerReading[];
  let overlay: ServerOverlay;

  beforeEach(() => {
    server = new FakeServer();
    server.reading = READING;
    readings = [];
    overlay = new ServerOverlay({
      read: server.read,
      kernelId: 'kernel-1',
      onReading: reading => readings.push(reading)
    });
  });

  /** Let time pass in quarters of a second; returns when it asked. */
  async function pass(
    given: IOverlayState,
    fromS: number,
    toS: number
  ): Promise<number[]> {
    const asked: number[] = [];
    for (let nowS = fromS; nowS < toS; nowS += 0.25) {
      const before = server.requests.length;
      overlay.update(given, nowS);
      if (server.requests.length > before) {
        asked.push(nowS);
      }
      await settle();
    }
    return asked;
  }

  it('polls at its interval and passes the readings on', async () => {
    expect(await pass(state(BUSY), 10, 11.25)).toEqual([10, 10.5, 11]);
    expect(readings).toEqual([READING, READING, READING]);
    expect(overlay.isFailing).toBe(false);
  });

  it.each(MUTE)('polls at once for a kernel that is $kind', async status => {
    const idle = state(status, { isExecuting: false });
    expect(await pass(idle, 10, 20.25)).toEqual([10, 15, 20]);
  });

  it('does not poll for an idle kernel that has not answered yet', async () => {
    const idle = state({ kind: 'connecting' }, { isExecuting: false });
    expect(await pass(idle, 10, 30)).toEqual([]);
  });

  it('waits for an answer before it polls again', () => {
    overlay.update(state(BUSY), 10);
    overlay.update(state(BUSY), 20);
    expect(server.requests.length).toBe(1);
  });

  it.each([
    ['has no answer', { reading: null }],
    ['cannot be reached', { isDown: true }]
  ])('polls less and less while the server %s', async (_name, fault) => {
    Object.assign(server, fault);
    const asked = await pass(state(BUSY), 0, 300);
    const intervals = asked.map((askedS, index) =>
      index === 0 ? 0 : askedS - (asked[index - 1] ?? 0)
    );
    expect(intervals).toEqual([0, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(overlay.isFailing).toBe(true);
    expect(readings).toEqual([]);
  });

  it('is never switched off by a failure, and recovers with one answer', async () => {
    server.isDown = true;
    await pass(state(BUSY), 0, 4000);
    server.isDown = false;
    const [firstS] = await pass(state(BUSY), 4000, 4061);
    expect(firstS).toBeLessThanOrEqual(4060);
    expect(overlay.isFailing).toBe(false);
    expect((await pass(state(BUSY), 4061, 4062)).length).toBe(2);
  });

  it('begins with short pauses again after an answer', async () => {
    server.isDown = true;
    await pass(state(BUSY), 0, 30);
    server.isDown = false;
    await pass(state(BUSY), 30, 100);
    server.isDown = true;
    expect(await pass(state(BUSY), 100, 106.5)).toEqual([100, 102, 106]);
  });

  it('does not poll more often than its pause in any state', async () => {
    server.isDown = true;
    await pass(state(BUSY), 0, 30.25);
    for (const status of MUTE) {
      expect(await pass(state(status), 30.25, 40)).toEqual([]);
    }
  });
});
