import * as React from 'react';
import { describe, expect, it } from 'vitest';

import { Cells } from '../../src/panel/cells';
import type { ICell, IRunningCell } from '../../src/wire/protocol';
import { click, dataOf, part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

const MEBIBYTE = 1024 ** 2;

function cell(changes: Partial<ICell> = {}): ICell {
  return {
    executionCount: 5,
    cellId: 'abc',
    firstLine: 'a = np.ones(50_000_000)',
    startedS: 100,
    durationS: 0.25,
    beforeBytes: 80 * MEBIBYTE,
    afterBytes: 90 * MEBIBYTE,
    peakBytes: 480 * MEBIBYTE,
    exact: true,
    childrenBeforeBytes: 0,
    childrenPeakBytes: 0,
    childrenExact: true,
    gcS: 0,
    majorFaults: 0,
    peakLine: null,
    error: null,
    ...changes
  };
}

function show(
  cells: ICell[],
  running: IRunningCell | null = null,
  opened: string[] = []
) {
  return render(
    <Cells
      cells={cells}
      running={running}
      nowS={203.2}
      onOpen={cellId => opened.push(cellId)}
      trans={trans}
    />
  );
}

function texts(row: HTMLElement): (string | null)[] {
  return [...row.querySelectorAll('td')].map(column => column.textContent);
}

describe('Cells', () => {
  it('is hidden before the first cell', () => {
    expect(show([]).innerHTML).toBe('');
  });

  it('shows peak, change and time of a cell', () => {
    const row = part(show([cell()]), 'tbody tr');
    expect(texts(row)).toEqual([
      '[5]a = np.ones(50_000_000)',
      'Peak+400.0 MiB',
      'Kept+10.0 MiB',
      '250 ms'
    ]);
    expect(dataOf(row)).toEqual({
      state: 'done',
      executionCount: '5',
      cellId: 'abc',
      peakBytes: String(400 * MEBIBYTE)
    });
  });

  it('lists the running cell first, then the latest', () => {
    const host = show(
      [cell(), cell({ executionCount: 6, startedS: 150 })],
      cell({ executionCount: 7, startedS: 200 })
    );
    const rows = [...host.querySelectorAll<HTMLElement>('tbody tr')];
    expect(rows.map(row => row.dataset['executionCount'])).toEqual([
      '7',
      '6',
      '5'
    ]);
    expect(rows.map(row => row.dataset['state'])).toEqual([
      'running',
      'done',
      'done'
    ]);
  });

  it('shows the elapsed time of the running cell', () => {
    const row = part(show([], cell({ startedS: 200 })), 'tbody tr');
    expect(texts(row).at(-1)).toBe('3.2 s');
    expect(texts(row)[2]).toBe('');
  });

  it('shows code as text, never as HTML', () => {
    const host = show([cell({ firstLine: '<img src=x onerror=alert(1)>' })]);
    expect(host.querySelector('img')).toBeNull();
    expect(part(host, 'code').textContent).toBe('<img src=x onerror=alert(1)>');
  });

  it('names the error that ended a cell', () => {
    const row = part(show([cell({ error: 'MemoryError' })]), 'tbody tr');
    expect(row.dataset['state']).toBe('failed');
    expect(row.textContent).toContain('MemoryError');
  });

  it('marks a sampled peak', () => {
    expect(show([cell({ exact: false })]).textContent).toContain('sampled');
    expect(show([cell()]).textContent).not.toContain('sampled');
  });

  it.each([
    [
      {
        childrenBeforeBytes: 100 * MEBIBYTE,
        childrenPeakBytes: 500 * MEBIBYTE
      },
      'child processes +400.0 MiB'
    ],
    [
      { childrenPeakBytes: MEBIBYTE, childrenExact: false },
      'child processes +1.0 MiB, sampled'
    ],
    [{ gcS: 0.0625 }, 'garbage collector 63 ms, 25 %'],
    [{ majorFaults: 1000 }, '1000 pages read from disk'],
    [{ peakLine: 'b = a + a' }, 'highest at b = a + a'],
    [{ peakLine: 'b'.repeat(100) }, `highest at ${'b'.repeat(60)}…`],
    [
      { childrenPeakBytes: MEBIBYTE, gcS: 0.25 },
      'child processes +1.0 MiB · garbage collector 250 ms, 100 %'
    ]
  ])('tells what else is remarkable: %o', (changes, expected) => {
    const detail = part(show([cell(changes)]), '.jp-Memkit-detail');
    expect(detail.textContent).toBe(expected);
  });

  it.each([
    { gcS: 0.04 },
    { gcS: 0.06, durationS: 60 },
    { childrenBeforeBytes: 500 * MEBIBYTE, childrenPeakBytes: 500 * MEBIBYTE },
    { childrenPeakBytes: MEBIBYTE - 1, majorFaults: null },
    { majorFaults: 999 },
    { peakLine: 'a = np.ones(50_000_000)' }
  ])('has no word for what is not: %o', changes => {
    const host = show([cell(changes)]);
    expect(host.querySelector('.jp-Memkit-detail')).toBeNull();
  });

  it('links to the cell in its notebook', () => {
    const opened: string[] = [];
    click(part(show([cell()], null, opened), 'tbody button'));
    expect(opened).toEqual(['abc']);
  });

  it('has no link for a cell without an id', () => {
    const host = show([cell({ cellId: null, executionCount: null })]);
    expect(host.querySelector('tbody button')).toBeNull();
    expect(host.textContent).toContain('[ ]');
  });

  it('shows no peak below the start', () => {
    const row = part(show([cell({ peakBytes: 0 })]), 'tbody tr');
    expect(row.dataset['peakBytes']).toBe('0');
  });
});
