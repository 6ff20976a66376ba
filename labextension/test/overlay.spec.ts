import { describe, expect, it } from 'vitest';

import type { IOverlayState } from '../src/overlay';
import { pollInterval, ServerOverlay } from '../src/overlay';
import type { IServerReading } from '../src/wire/protocol';
import type { ChannelStatus } from '../src/wire/status';
import { golden } from './fakes/golden';
import { settle } from './fakes/kernel';

function state(
  kind: 'live' | 'connecting' | 'busy' | 'not-installed' | 'no-kernel',
  changes: Partial<IOverlayState> = {}
): IOverlayState {
  const status: ChannelStatus = { kind };
  return { status, isExecuting: true, silentForS: 0, ...changes };
}

describe('pollInterval', () => {
  it.each([
    ['a kernel that tells by itself', state('live'), null],
    ['a silent kernel in a cell', state('live', { silentForS: 0.9 }), 0.5],
    ['a kernel that is not there yet', state('connecting'), 0.5],
    ['a kernel that has not answered', state('busy'), 0.5],
    ['a kernel without the package', state('not-installed'), 2],
    ['no kernel', state('no-kernel'), null],
    ['an idle kernel', state('not-installed', { isExecuting: false }), null]
  ])('for %s', (_name, given, intervalS) => {
    expect(pollInterval(given)).toBe(intervalS);
  });
});

function watch(answer: IServerReading | null | Error) {
  const asked: string[] = [];
  const readings: IServerReading[] = [];
  const overlay = new ServerOverlay({
    read: kernelId => {
      asked.push(kernelId);
      return answer instanceof Error
        ? Promise.reject(answer)
        : Promise.resolve(answer);
    },
    kernelId: 'kernel-1',
    onReading: reading => readings.push(reading)
  });
  return { asked, readings, overlay };
}

describe('ServerOverlay', () => {
  it('polls at its interval and passes the readings on', async () => {
    const { asked, readings, overlay } = watch(golden('server_reading'));
    for (const nowS of [10, 10.25, 10.5]) {
      overlay.update(state('busy'), nowS);
      await settle();
    }
    expect(asked).toEqual(['kernel-1', 'kernel-1']);
    expect(readings).toEqual([
      golden('server_reading'),
      golden('server_reading')
    ]);
  });

  it('polls once for an idle kernel that cannot send itself', async () => {
    const { asked, overlay } = watch(golden('server_reading'));
    const idle = state('not-installed', { isExecuting: false });
    for (const nowS of [10, 20, 30]) {
      overlay.update(idle, nowS);
      await settle();
    }
    expect(asked.length).toBe(1);
  });

  it('waits for an answer before it polls again', () => {
    const { asked, overlay } = watch(golden('server_reading'));
    overlay.update(state('busy'), 10);
    overlay.update(state('busy'), 20);
    expect(asked.length).toBe(1);
  });

  it('stops polling for a kernel that the server cannot read', async () => {
    const { asked, readings, overlay } = watch(null);
    overlay.update(state('busy'), 10);
    await settle();
    overlay.update(state('busy'), 20);
    expect(asked.length).toBe(1);
    expect(readings).toEqual([]);
  });

  it('polls again after the server could not be reached', async () => {
    const { asked, overlay } = watch(new TypeError('network'));
    overlay.update(state('busy'), 10);
    await settle();
    overlay.update(state('busy'), 20);
    expect(asked.length).toBe(2);
  });
});
