import * as React from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { PanelAction } from '../../src/panel/actions';
import { DeathCard } from '../../src/panel/death';
import { formatClock } from '../../src/text/format';
import type { IDeath } from '../../src/wire/protocol';
import { decodeLastDeath } from '../../src/wire/protocol';
import { decoded } from '../fakes/golden';
import { click, dataOf, part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

const DEATH = decoded(decodeLastDeath, 'last_death').death as IDeath;
const INJECTION = '<img src=x onerror=alert(1)>';

let actions: PanelAction[];
let opened: string[];

beforeEach(() => {
  vi.useFakeTimers({ now: (DEATH.seenS + 60) * 1000 });
  actions = [];
  opened = [];
});

afterEach(() => {
  vi.useRealTimers();
});

function show(changes: Partial<IDeath> = {}, isDead = false): HTMLElement {
  const host = render(
    <DeathCard
      death={{ ...DEATH, ...changes }}
      isDead={isDead}
      onAction={action => actions.push(action)}
      onOpen={cellId => opened.push(cellId)}
      trans={trans}
    />
  );
  return part(host, 'death');
}

/** The paragraphs of the card. */
function paragraphs(card: HTMLElement): string[] {
  return [...card.querySelectorAll('p')].map(each => each.textContent);
}

describe('DeathCard', () => {
  it('reports when, how large, in which cell, and with which variables', () => {
    const card = show();
    expect(part(card, 'h3').textContent).toBe(
      `The system killed the kernel because memory ran out at ${formatClock(DEATH.seenS)}`
    );
    expect(paragraphs(card)).toEqual([
      'It last reported 23.1 GiB of 24.0 GiB (cgroup memory.max), growing by 512.0 MiB a second.',
      'It was running [7] df = pd.read_csv("orders.csv")',
      'Largest variables before that cell: df (20.0 GiB), orders (1.0 GiB)',
      'Run %memguard auto at the top of the notebook: it stops the cell, and the kernel keeps running.'
    ]);
    expect(card.getAttribute('role')).toBe('alert');
    expect(dataOf(card)).toMatchObject({
      cause: 'memory',
      rssBytes: String(DEATH.rssBytes)
    });
  });

  it.each<[Partial<IDeath>, string]>([
    [{ cause: 'signal', signal: 9 }, 'The kernel was killed at'],
    [{ cause: 'signal', signal: 11 }, 'The kernel ended by signal 11 at'],
    [{ cause: 'signal', signal: null }, 'The kernel ended by signal ? at'],
    [
      { cause: 'exit', exitStatus: 3 },
      'The kernel ended by itself with status 3 at'
    ],
    [
      { cause: 'exit', exitStatus: null },
      'The kernel ended by itself with status ? at'
    ],
    [{ cause: 'unknown' }, 'The kernel ended without a clean shutdown at']
  ])('blames memory only with a proof: %o', (changes, headline) => {
    const card = show(changes);
    expect(part(card, 'h3').textContent).toBe(
      `${headline} ${formatClock(DEATH.seenS)}`
    );
    expect(card.textContent).not.toContain('memory ran out');
  });

  it.each<[Partial<IDeath>, string]>([
    [{ cause: 'signal', signal: 9 }, 'If memory was the cause'],
    [{ cause: 'unknown', signal: null }, 'If memory was the cause'],
    [{ cause: 'signal', signal: 11 }, '']
  ])(
    'advises a guard only where memory may be the cause: %o',
    (changes, advice) => {
      const last = paragraphs(show(changes)).at(-1) ?? '';
      expect(
        last.startsWith('If memory') ? 'If memory was the cause' : ''
      ).toBe(advice);
    }
  );

  it('does not advise a guard against an exit, and has no empty line', () => {
    const card = show({ cause: 'exit', exitStatus: 0 });
    expect(card.textContent).not.toContain('%memguard');
    expect(paragraphs(card)).not.toContain('');
  });

  it('names no limit if none is known, and no growth if there was little', () => {
    const card = show({
      limitBytes: null,
      limitName: null,
      growthBytesPerS: 1024 ** 2 - 1
    });
    expect(paragraphs(card)[0]).toBe('It last reported 23.1 GiB.');
  });

  it('names a limit whose source is unknown', () => {
    expect(paragraphs(show({ limitName: null }))[0]).toContain('of 24.0 GiB');
  });

  it('goes to the cell', () => {
    click(part(show(), '.jp-Memkit-link'));
    expect(opened).toEqual(['b1946ac9']);
  });

  it('names a cell that cannot be shown', () => {
    const card = show({ cellId: null, executionCount: null });
    expect(card.querySelector('.jp-Memkit-link')).toBeNull();
    expect(paragraphs(card)[1]).toBe(
      'It was running [ ] df = pd.read_csv("orders.csv")'
    );
  });

  it('says nothing about a cell if none was running', () => {
    const card = show({ cellId: null, executionCount: null, firstLine: null });
    expect(card.textContent).not.toContain('It was running');
  });

  it('says nothing about variables if none is known', () => {
    expect(show({ variables: [] }).textContent).not.toContain('variables');
  });

  it('shows every name as text', () => {
    const card = show({
      firstLine: INJECTION,
      limitName: INJECTION,
      variables: [{ name: INJECTION, bytes: 1024 ** 3, accuracy: 'exact' }]
    });
    expect(card.querySelector('img')).toBeNull();
    expect(card.textContent.split(INJECTION).length).toBe(4);
  });

  it('keeps long names whole', () => {
    const name = 'x'.repeat(500);
    const card = show({
      firstLine: name,
      variables: [{ name, bytes: 1024 ** 3, accuracy: 'exact' }]
    });
    expect(card.textContent.split(name).length).toBe(3);
  });

  it('is dismissed by its user', () => {
    click(part(show(), 'dismiss'));
    expect(actions).toEqual(['dismiss-death']);
  });

  it('offers a restart only while no other process runs', () => {
    expect(show().querySelector('[data-action=restart]')).toBeNull();
    click(part(show({}, true), '[data-action=restart]'));
    expect(actions).toEqual(['restart']);
  });

  it('has the date of a death that is longer ago than a day', () => {
    vi.setSystemTime((DEATH.seenS + 86_400 * 3) * 1000);
    const headline = part(show(), 'h3').textContent;
    expect(headline).not.toContain(formatClock(DEATH.seenS));
    expect(headline).toMatch(/\d+.*\d\d:\d\d$/);
  });
});
