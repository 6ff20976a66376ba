import * as React from 'react';
import { describe, expect, it } from 'vitest';

import { HintList } from '../../src/lists/hintList';
import { OutcomeCard } from '../../src/lists/outcome';
import { VariableTable } from '../../src/lists/variableTable';
import { LARGEST_FIRST } from '../../src/lists/variableOrder';
import type { Outcome } from '../../src/model/outcome';
import {
  decodeActed,
  decodeHints,
  decodeHolders,
  decodeUnloaded,
  decodeVariables
} from '../../src/wire/protocol';
import type { Changes } from '../fakes/golden';
import { decoded } from '../fakes/golden';
import { click, part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

interface IDone {
  toggled: string[];
  menus: string[];
}

function table(
  changes: Changes = {},
  expanded: string[] = [],
  isOutdated = false
): [HTMLElement, IDone] {
  const done: IDone = { toggled: [], menus: [] };
  const host = render(
    <VariableTable
      list={decoded(decodeVariables, 'variables', changes)}
      growth={new Map([['orders', 1 << 20]])}
      filter=""
      isOutdated={isOutdated}
      order={LARGEST_FIRST}
      expanded={new Set(expanded)}
      onSort={() => undefined}
      onToggle={name => done.toggled.push(name)}
      onMenu={({ name }) => done.menus.push(name)}
      trans={trans}
    />
  );
  return [host, done];
}

/** The texts of the rows' cells. */
function rowsOf(host: HTMLElement): string[][] {
  return [...host.querySelectorAll('tbody tr')].map(row =>
    [...row.querySelectorAll('td')].map(cell => cell.textContent)
  );
}

describe('the table of variables', () => {
  it('has a row for each, and for what else makes up the process', () => {
    const [host] = table();
    expect(rowsOf(host)).toEqual([
      [
        'ordersDataFrame 336,776 × 19 · cell [3] · 76.3 MiB shared',
        '+1.0 MiB',
        '≈ 381.5 MiB',
        ''
      ],
      [
        'netSequential · cell [4]parameters, optimizer',
        'new',
        '152.6 MiB + 38.1 MiB on cuda:0',
        ''
      ],
      ['<b>bold</b>list 1,000 · 76.3 MiB shared', 'new', '≥ 76.3 MiB', ''],
      ['2 smaller variables', '', '2.0 KiB', ''],
      ['Shared memory, counted once', '', '-76.3 MiB', ''],
      [
        'Not in variablesoutputs, Python, libraries and scripts',
        '',
        '100.0 MiB',
        ''
      ],
      ['The process', '', '634.1 MiB', '']
    ]);
  });

  it('shows names as text', () => {
    const [host] = table();
    expect(host.querySelector('b')).toBe(null);
  });

  it('explains memory that is not resident, or unknown', () => {
    const [negative] = table({ rest_bytes: -1048576, rest: [] });
    expect(rowsOf(negative).at(-2)?.[0]).toContain('Not resident');
    const [unknown] = table({ rest_bytes: null, rest: [] });
    expect(rowsOf(unknown).at(-1)?.[0]).toContain('Shared memory');
  });

  it('names what is in the total only', () => {
    const [host] = table({ total_bytes: 700_000_000 });
    expect(rowsOf(host)[4]?.[0]).toContain('Functions');
  });

  it('opens the parts of a model and of the rest', () => {
    const [host, done] = table();
    for (const button of host.querySelectorAll<HTMLElement>(
      '[aria-expanded]'
    )) {
      click(button);
    }
    expect(done.toggled).toEqual(['net', '']);
    const [open] = table({}, ['net']);
    expect(part(open, 'dl').textContent).toBe(
      'parameters76.3 MiBoptimizer114.4 MiB'
    );
  });

  it('offers a menu where there are actions', () => {
    const [host, done] = table();
    for (const button of host.querySelectorAll<HTMLElement>(
      '[aria-haspopup="menu"]'
    )) {
      click(button);
    }
    expect(done.menus).toEqual(['orders', 'net']);
  });
});

it('opens no menu of a list that is about to be replaced', () => {
  const [host, done] = table({}, [], true);
  click(part(host, '.jp-Memkit-menuButton'));
  expect(done.menus).toEqual([]);
});

function card(outcome: Outcome, canUndo = false): [HTMLElement, string[]] {
  const done: string[] = [];
  const host = render(
    <OutcomeCard
      outcome={outcome}
      onUndo={canUndo ? () => done.push('undo') : null}
      onDismiss={() => done.push('dismiss')}
      trans={trans}
    />
  );
  return [host, done];
}

describe('what came of an action', () => {
  it.each([
    [
      {},
      'Shrank orders, copy from 381.5 MiB to 190.7 MiB; 190.7 MiB returned to the system.'
    ],
    [
      { after_bytes: 400000000, freed_bytes: -1048576 },
      'No smaller type keeps every value of orders, copy; memory grew by 1.0 MiB.'
    ],
    [{ action: 'delete' }, 'Deleted orders, copy; 190.7 MiB returned'],
    [
      { action: 'delete', name: 'מחירים', along: [] },
      'Deleted \u2068מחירים\u2069; 190.7 MiB returned'
    ],
    [{ action: 'restore' }, 'Restored orders, copy from 381.5 MiB'],
    [{ action: 'to_array' }, 'Converted orders, copy from 381.5 MiB'],
    [{ action: 'spill' }, 'Moved orders, copy to disk'],
    [{ action: 'load' }, 'Moved orders, copy back into memory']
  ])(
    'is one sentence, with what still holds the value: %o',
    (changes, text) => {
      const [host] = card(decoded(decodeActed, 'acted', changes));
      expect(host.textContent).toContain(text);
      expect(
        [...host.querySelectorAll('code')].map(each => each.textContent)
      ).toEqual(['jobs[2].frame', '%memfree jobs']);
    }
  );

  it('says what is left of a library', () => {
    const [host] = card(decoded(decodeUnloaded, 'unloaded'));
    for (const text of [
      'Unloaded sympy; 4.0 MiB returned to the system.',
      'Removed the names: sympy.',
      'Kept the names of its functions and classes: solve.',
      'Still in memory: 3 of 431 modules.',
      'plot._sympy'
    ]) {
      expect(host.textContent).toContain(text);
    }
    const [gone] = card(
      decoded(decodeUnloaded, 'unloaded', {
        survivors: 0,
        holders: [],
        names: [],
        kept_names: []
      })
    );
    expect(gone.querySelectorAll('p')).toHaveLength(2);
  });

  it('lists holders, and what is not known', () => {
    const holders = decoded(decodeHolders, 'holders');
    const [host] = card(holders);
    expect(host.textContent).toContain('jobs[2].frame (Job)');
    expect(host.textContent).toContain('3 more are not shown');
    expect(host.textContent).toContain('time limit');
    const [none] = card({ ...holders, chains: [], more: 0, complete: true });
    expect(none.textContent).toContain('No variable leads to the value');
  });

  it('says what went wrong', () => {
    expect(
      card({ type: 'failed', message: 'x is gone' })[0].textContent
    ).toContain('x is gone');
    expect(card({ type: 'failed', message: null })[0].textContent).toContain(
      'did not answer'
    );
    expect(card({ type: 'later' })[0].textContent).toContain(
      'A cell is running'
    );
  });

  it('can be undone where that is possible, and dismissed', () => {
    const [host, done] = card(decoded(decodeActed, 'acted'), true);
    for (const button of host.querySelectorAll('button')) {
      click(button);
    }
    expect(done).toEqual(['undo', 'dismiss']);
  });
});

describe('the list of hints', () => {
  const { hints } = decoded(decodeHints, 'hints');

  it('has what each saves, and copies what cannot be run', () => {
    const applied: string[][] = [];
    const host = render(
      <HintList
        hints={hints}
        isComplete={false}
        onApply={(cure, use) => applied.push([cure, use])}
        trans={trans}
      />
    );
    expect(host.textContent).toContain('orders 190.7 MiB');
    expect(host.textContent).toContain('cell [3] ≈ 2.5 s');
    expect(host.textContent).toContain('%memkit advice searches longer');
    for (const button of host.querySelectorAll('button')) {
      click(button);
    }
    expect(applied).toEqual([
      ['%shrink orders', 'insert'],
      ['%shrink orders', 'run'],
      ['%shrink orders', 'copy'],
      ['%%gc_pause', 'copy']
    ]);
  });

  it('says that there are none', () => {
    const host = render(
      <HintList hints={[]} isComplete onApply={() => undefined} trans={trans} />
    );
    expect(host.textContent).toBe('No hints: nothing stands out.');
  });

  it.each([
    [{ 'hints.0.accuracy': 'estimate' }, '≈ 190.7 MiB'],
    [{ 'hints.0.accuracy': 'at most' }, 'up to 190.7 MiB'],
    [{ 'hints.0.bytes': null }, 'orders ']
  ])('marks its figures: %o', (changes, text) => {
    const host = render(
      <HintList
        hints={decoded(decodeHints, 'hints', changes).hints}
        isComplete
        onApply={() => undefined}
        trans={trans}
      />
    );
    expect(host.querySelector('p')?.textContent).toContain(text);
  });
});
