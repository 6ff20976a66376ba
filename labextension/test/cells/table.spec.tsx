import { Signal } from '@lumino/signaling';
import * as React from 'react';
import { describe, expect, it } from 'vitest';

import type { OrderKey } from '../../src/cells/order';
import { LATEST_FIRST } from '../../src/cells/order';
import { Cells } from '../../src/cells/table';
import { formatClock } from '../../src/text/format';
import { ended, MEBIBYTE, running } from '../fakes/cells';
import { click, dataOf, part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

const HOSTILE = '<img src=x onerror=alert(1)>';

function show(changes: Partial<Cells.IProps> = {}, nowS = 203.2): HTMLElement {
  const clock = { nowS, ticked: new Signal<object, void>({}) };
  return render(
    <Cells
      isKernelKnown
      cells={[]}
      running={null}
      earlier={[]}
      ended={0}
      clock={clock}
      order={LATEST_FIRST}
      onSort={() => undefined}
      onOpen={() => undefined}
      trans={trans}
      {...changes}
    />
  );
}

function rowsOf(host: HTMLElement): HTMLElement[] {
  return [...host.querySelectorAll<HTMLElement>('tbody tr')];
}

function textsOf(row: HTMLElement): (string | null)[] {
  return [...row.querySelectorAll('td')].map(column => column.textContent);
}

/** The numbers of the cells, and the text of what separates them. */
function listed(host: HTMLElement): (string | null | undefined)[] {
  return rowsOf(host).map(row =>
    row.dataset['state'] ? row.dataset['executionCount'] : row.textContent
  );
}

function widthsOf(host: HTMLElement): string[] {
  return [...host.querySelectorAll<HTMLElement>('.jp-Memkit-bar')].map(
    bar => bar.style.width
  );
}

describe('Cells', () => {
  it('explains itself before the first cell', () => {
    const host = show();
    expect(host.querySelector('table')).toBeNull();
    expect(host.textContent).toBe('Cells are listed here when they run.');
  });

  it('promises nothing of a kernel that does not report its cells', () => {
    expect(show({ isKernelKnown: false }).textContent).toBe('');
  });

  it('shows rise, change and time of a cell', () => {
    const row = part(show({ cells: [ended()] }), 'tbody tr');
    expect(textsOf(row)).toEqual([
      '[5]a = np.ones(50_000_000)',
      'Rise+400.0 MiB',
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

  it('calls nothing a peak', () => {
    const host = show({
      cells: [ended({ exact: false, peakLine: 'b = a + a' })],
      running: running({ exact: false })
    });
    const titles = [...host.querySelectorAll('[title]')].map(element =>
      element.getAttribute('title')
    );
    expect([host.textContent, ...titles].join(' ')).not.toMatch(/peak/i);
  });

  it('lists the running cell first, then the latest', () => {
    const host = show({
      cells: [ended(), ended({ executionCount: 6, startedS: 150 })],
      running: running()
    });
    expect(listed(host)).toEqual(['7', '6', '5']);
    expect(rowsOf(host).map(row => row.dataset['state'])).toEqual([
      'running',
      'done',
      'done'
    ]);
  });

  it('keeps the running cell first in every order', () => {
    const host = show({
      cells: [
        ended(),
        ended({ executionCount: 6, startedS: 150, peakBytes: 900 * MEBIBYTE })
      ],
      running: running({ peakBytes: 80 * MEBIBYTE }),
      order: { key: 'rise', isAscending: false }
    });
    expect(listed(host)).toEqual(['7', '6', '5']);
  });

  it('shows the elapsed time of the running cell, and nothing kept', () => {
    const row = part(show({ running: running() }), 'tbody tr');
    expect(textsOf(row).slice(2)).toEqual(['', '3.2 s']);
  });

  it('shows no negative time if the clocks differ by an hour', () => {
    const host = show({ running: running() }, 200 - 3600);
    expect(textsOf(part(host, 'tbody tr')).at(-1)).toBe('0.0 ms');
    expect(host.textContent).not.toContain('-');
  });

  it('shows no rise below the start', () => {
    const host = show({ cells: [ended({ peakBytes: 0 })] });
    expect(part(host, 'tbody tr').dataset['peakBytes']).toBe('0');
    expect(widthsOf(host)).toEqual(['0%']);
  });

  it('shows code and errors as text, never as HTML', () => {
    const host = show({
      cells: [
        ended({ firstLine: HOSTILE, error: HOSTILE, peakLine: `${HOSTILE} ` })
      ],
      running: running({ firstLine: HOSTILE, startedS: 201 })
    });
    expect(host.querySelector('img')).toBeNull();
    expect(part(host, 'code').textContent).toBe(HOSTILE);
    expect(part(host, '.jp-Memkit-error').textContent).toBe(HOSTILE);
    expect(part(host, '.jp-Memkit-detail').textContent).toContain(HOSTILE);
  });

  it('names the error that ended a cell', () => {
    const host = show({ cells: [ended({ error: 'MemoryError' })] });
    expect(part(host, 'tbody tr').dataset['state']).toBe('failed');
    expect(part(host, '.jp-Memkit-error').title).toBe('Ended with MemoryError');
  });

  it('marks a sampled rise', () => {
    expect(show({ cells: [ended({ exact: false })] }).textContent).toContain(
      'sampled'
    );
    expect(show({ cells: [ended()] }).textContent).not.toContain('sampled');
  });

  it('joins what else is remarkable in one line', () => {
    const cell = ended({ childrenPeakBytes: MEBIBYTE, gcS: 0.25 });
    expect(part(show({ cells: [cell] }), '.jp-Memkit-detail').textContent).toBe(
      'child processes +1.0 MiB · garbage collector 250 ms, 100%'
    );
    expect(show({ cells: [ended()] }).querySelector('.jp-Memkit-detail')).toBe(
      null
    );
  });

  it('links to the cell in its notebook', () => {
    const opened: string[] = [];
    const host = show({
      cells: [ended()],
      onOpen: cellId => opened.push(cellId)
    });
    const link = part(host, 'tbody button');
    expect(link.getAttribute('aria-label')).toBe(
      'Go to cell 5: a = np.ones(50_000_000)'
    );
    click(link);
    expect(opened).toEqual(['abc']);
  });

  it('has no link for a cell without an id', () => {
    const host = show({
      cells: [ended({ cellId: null, executionCount: null })]
    });
    expect(host.querySelector('tbody button')).toBeNull();
    expect(host.textContent).toContain('[ ]');
  });
});

describe('the caption of the cells', () => {
  const cells = [ended(), ended({ startedS: 101 })];

  it('says how many of all are shown', () => {
    const host = show({ cells, ended: 5000 });
    expect(part(host, 'caption').textContent).toBe('2 of 5,000 cells');
  });

  it('is absent if all are shown, or if the number is not known', () => {
    for (const known of [0, 1, 2]) {
      const host = show({ cells, ended: known });
      expect(host.querySelector('caption')).toBeNull();
    }
  });
});

describe('the header of the cells', () => {
  function header(host: HTMLElement, key: OrderKey): HTMLElement {
    return part(host, `[data-sort=${key}]`);
  }

  it('is made of buttons, which the keyboard reaches', () => {
    const asked: OrderKey[] = [];
    const host = show({ cells: [ended()], onSort: key => asked.push(key) });
    const keys = ['time', 'rise', 'kept', 'duration'] as const;
    for (const key of keys) {
      const button = header(host, key);
      expect(button.tagName).toBe('BUTTON');
      expect(button.getAttribute('type')).toBe('button');
      expect(button.tabIndex).toBe(0);
      click(button);
    }
    expect(asked).toEqual(keys);
  });

  it('says which column the cells are sorted by, and how', () => {
    const sortOf = (host: HTMLElement): (string | null)[] =>
      [...host.querySelectorAll('th')].map(name =>
        name.getAttribute('aria-sort')
      );
    expect(sortOf(show({ cells: [ended()] }))).toEqual([
      'descending',
      'none',
      'none',
      'none'
    ]);
    expect(
      sortOf(
        show({ cells: [ended()], order: { key: 'kept', isAscending: true } })
      )
    ).toEqual(['none', 'none', 'ascending', 'none']);
  });
});

describe('the cells of an earlier process', () => {
  const endedS = Date.now() / 1000;
  const earlier = [
    {
      endedS: endedS - 100,
      cells: [ended({ executionCount: 9, startedS: 10 })]
    },
    {
      endedS,
      cells: [
        ended({ executionCount: 1, startedS: 20, peakBytes: 981 * MEBIBYTE }),
        ended({ executionCount: 2, startedS: 30 })
      ]
    }
  ];
  const words = [
    `Before the kernel ended at ${formatClock(endedS)}`,
    `Before the kernel ended at ${formatClock(endedS - 100)}`
  ];

  it('stand apart, the latest process first', () => {
    const host = show({ cells: [ended({ executionCount: 1 })], earlier });
    expect(listed(host)).toEqual(['1', words[0], '2', '1', words[1], '9']);
    expect(part(host, 'tbody th').getAttribute('scope')).toBe('rowgroup');
  });

  it('are sorted for themselves', () => {
    const host = show({
      cells: [
        ended({ executionCount: 1, peakBytes: 81 * MEBIBYTE }),
        ended({ executionCount: 2, startedS: 101, peakBytes: 82 * MEBIBYTE })
      ],
      earlier,
      order: { key: 'rise', isAscending: false }
    });
    expect(listed(host)).toEqual(['2', '1', words[0], '1', '2', words[1], '9']);
  });

  it('do not scale the bars of the others', () => {
    const host = show({
      cells: [ended({ peakBytes: 112 * MEBIBYTE })],
      earlier
    });
    const widths = widthsOf(host);
    expect(widths[0]).toBe('100%');
    expect(widths.slice(1)).toEqual(['39.0625%', '87.98828125%', '78.125%']);
  });

  it('are shown before the new process runs a cell', () => {
    expect(listed(show({ earlier })).length).toBe(5);
  });
});

describe('the bars', () => {
  it('are relative to a power of two, so that they stay as a cell grows', () => {
    const cells = [ended({ peakBytes: 336 * MEBIBYTE })];
    const widths = [300, 400, 500, 592, 593].map(rise => {
      const peakBytes = rise * MEBIBYTE;
      return widthsOf(show({ cells, running: running({ peakBytes }) }))[1];
    });
    expect(widths).toEqual(['100%', '50%', '50%', '50%', '25%']);
  });

  it('stay short if all rises are small', () => {
    const small = ended({ peakBytes: 80 * MEBIBYTE + 1024 });
    expect(widthsOf(show({ cells: [small] }))).toEqual(['0.09765625%']);
  });
});
