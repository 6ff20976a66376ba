import * as React from 'react';
import { describe, expect, it } from 'vitest';

import type { IAlarm } from '../../src/model/alarm';
import type { PanelAction } from '../../src/panel/actions';
import { Slot } from '../../src/panel/slot';
import type { IDeath } from '../../src/wire/protocol';
import { decodeLastDeath } from '../../src/wire/protocol';
import type { ChannelStatus } from '../../src/wire/status';
import { decoded } from '../fakes/golden';
import { click, part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

const DEATH = decoded(decodeLastDeath, 'last_death').death as IDeath;
const ALARM: IAlarm = {
  share: 0.9,
  limitBytes: 24 * 1024 ** 3,
  secondsToFull: null,
  warning: 1
};
const DIED: ChannelStatus = { kind: 'lost', reason: 'died' };

function show(
  props: Partial<Slot.IProps> = {},
  actions: PanelAction[] = []
): HTMLElement {
  return render(
    <Slot
      status={DIED}
      death={null}
      alarm={null}
      isBusy
      isBlind={false}
      isWaiting={false}
      onAction={action => actions.push(action)}
      onOpen={() => undefined}
      trans={trans}
      {...props}
    />
  );
}

/** What the slot contains. */
function contents(host: HTMLElement): string[] {
  const parts = {
    death: '[data-testid="memkit-death"]',
    alarm: '[data-testid="memkit-alarm"]',
    notice: '.jp-Memkit-notice'
  };
  return Object.entries(parts)
    .filter(([, selector]) => host.querySelector(selector))
    .map(([name]) => name);
}

describe('Slot', () => {
  it.each<[string, Partial<Slot.IProps>, string[]]>([
    ['a death', { death: DEATH }, ['death']],
    [
      'a death alone while the kernel starts again',
      { death: DEATH, status: { kind: 'connecting' } },
      ['death']
    ],
    [
      'what the kernel lacks that runs after a death',
      { death: DEATH, status: { kind: 'not-loaded', error: null } },
      ['death', 'notice']
    ],
    [
      'a warning before the death of an earlier process',
      { death: DEATH, alarm: ALARM, status: { kind: 'live' } },
      ['alarm']
    ],
    ['a warning before a notice', { alarm: ALARM }, ['alarm']],
    [
      'a warning before a notice that something waits',
      { alarm: ALARM, isWaiting: true },
      ['alarm']
    ],
    ['else a notice', {}, ['notice']],
    ['nothing if all is well', { status: { kind: 'live' } }, []]
  ])('shows %s', (_name, props, expected) => {
    const host = show(props);
    expect(contents(host)).toEqual(expected);
    expect(host.children.length).toBe(expected.length);
  });

  it.each([
    [DIED, true],
    [{ kind: 'live' }, false],
    [{ kind: 'lost', reason: 'disconnected' }, false]
  ] as const)(
    'offers a restart after a death while %o: %s',
    (status, isOffered) => {
      const host = show({ death: DEATH, status });
      expect(host.querySelector('[data-action=restart]') !== null).toBe(
        isOffered
      );
    }
  );

  it('passes on that a silent kernel cannot be read', () => {
    const host = show({ status: { kind: 'live' }, isBlind: true });
    expect(contents(host)).toEqual(['notice']);
  });
});

describe('the warning', () => {
  it('says how close the limit is', () => {
    const card = part(show({ alarm: ALARM }), 'alarm');
    expect(part(card, 'p').textContent).toBe('90% of 24.0 GiB is in use.');
    expect(card.getAttribute('role')).toBe('status');
  });

  it('can be answered in two ways while a cell runs', () => {
    const actions: PanelAction[] = [];
    const card = part(show({ alarm: ALARM }, actions), 'alarm');
    card.querySelectorAll('button').forEach(click);
    expect(actions).toEqual(['interrupt', 'free']);
  });

  it('interrupts nothing while no cell runs', () => {
    const actions: PanelAction[] = [];
    const card = part(show({ alarm: ALARM, isBusy: false }, actions), 'alarm');
    card.querySelectorAll('button').forEach(click);
    expect(actions).toEqual(['free']);
  });
});
