import * as React from 'react';
import { describe, expect, it } from 'vitest';

import type { IReading } from '../../src/model/readings';
import { Reading } from '../../src/panel/reading';
import { formatClock } from '../../src/text/format';
import type { IPresent, IRunningCell } from '../../src/wire/protocol';
import { decodeSamples } from '../../src/wire/protocol';
import { decoded } from '../fakes/golden';
import { click, dataOf, part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

const MEBIBYTE = 1024 ** 2;
const IDLE = decoded(decodeSamples, 'samples_idle').present;
const RUNNING = decoded(decodeSamples, 'samples').running as IRunningCell;

const READING: IReading = {
  tS: 1790000010.5,
  rssBytes: 400 * MEBIBYTE,
  childrenBytes: 0,
  gauge: {
    limitBytes: 1000 * MEBIBYTE,
    usedBytes: 400 * MEBIBYTE,
    name: 'cgroup memory.max',
    covers: 'container'
  },
  source: 'kernel'
};

const HIGHEST = {
  bytes: 880 * MEBIBYTE,
  executionCount: 11,
  cellId: 'b1946ac9',
  exact: true
};

interface IOptions extends Partial<
  Omit<Reading.IProps, 'reading' | 'present'>
> {
  reading?: Partial<IReading>;
  present?: Partial<IPresent> | null;
}

function show({ reading, present, ...props }: IOptions = {}): HTMLElement {
  return render(
    <Reading
      reading={{ ...READING, ...reading }}
      present={present === null ? null : { ...IDLE, ...present }}
      running={null}
      secondsToFull={null}
      staleSinceS={null}
      onOpen={() => undefined}
      trans={trans}
      {...props}
    />
  );
}

/** The legend as texts, such as "kernel 400.0 MiB". */
function legend(host: HTMLElement): string[] {
  return [...host.querySelectorAll('dl > div')].map(row =>
    [...row.children].map(each => each.textContent).join(' ')
  );
}

describe('the big figure', () => {
  it('is the memory of the kernel and its child processes', () => {
    const host = show({ reading: { childrenBytes: 100 * MEBIBYTE } });
    const figure = part(host, 'rss');
    expect(figure.textContent).toBe('500.0 MiB');
    expect(dataOf(figure)).toMatchObject({
      bytes: String(400 * MEBIBYTE),
      source: 'kernel',
      updatedS: '1790000010.5'
    });
  });

  it('stands beside the limit, which is explained', () => {
    const limit = part(show(), '.jp-Memkit-limitName');
    expect(limit.textContent).toBe('of 1000.0 MiB, container');
    expect(limit.title).toBe('cgroup memory.max, for the whole container');
  });

  it('stands alone if no limit is known', () => {
    const host = show({ reading: { gauge: null } });
    expect(host.querySelector('.jp-Memkit-limitName')).toBeNull();
    expect(host.querySelector('[role=meter]')).toBeNull();
    expect(part(host, 'rss').textContent).toBe('400.0 MiB');
  });
});

describe('the highest memory', () => {
  it('is a link to its cell', () => {
    const opened: string[] = [];
    const host = show({
      present: { highest: HIGHEST },
      onOpen: cellId => opened.push(cellId)
    });
    const peak = part(host, 'peak');
    expect(peak.textContent).toBe('highest 880.0 MiB in [11]');
    expect(peak.dataset['bytes']).toBe(String(HIGHEST.bytes));
    click(part(peak, 'button'));
    expect(opened).toEqual(['b1946ac9']);
  });

  it('is a text if its cell is unknown', () => {
    const highest = { ...HIGHEST, cellId: null };
    const peak = part(show({ present: { highest } }), 'peak');
    expect(peak.textContent).toBe('highest 880.0 MiB in [11]');
    expect(peak.querySelector('button')).toBeNull();
  });

  it('has no cell if it was between cells, and says that it was sampled', () => {
    const highest = {
      ...HIGHEST,
      cellId: null,
      executionCount: null,
      exact: false
    };
    expect(part(show({ present: { highest } }), 'peak').textContent).toBe(
      'highest 880.0 MiB, sampled'
    );
  });

  it('is that of the running cell once it is higher', () => {
    const running = { ...RUNNING, peakBytes: 900 * MEBIBYTE };
    const host = show({ present: { highest: HIGHEST }, running });
    expect(part(host, 'peak').textContent).toBe('highest 900.0 MiB in [7]');
    expect(part(host, '.jp-Memkit-tick').style.left).toBe('90%');
  });

  it('stays that of an earlier cell while the running one is lower', () => {
    const running = { ...RUNNING, peakBytes: 500 * MEBIBYTE };
    const host = show({ present: { highest: HIGHEST }, running });
    expect(part(host, 'peak').textContent).toBe('highest 880.0 MiB in [11]');
    expect(part(host, '.jp-Memkit-tick').style.left).toBe('88%');
  });

  it('is not less than what the server reads meanwhile', () => {
    const host = show({
      present: { highest: HIGHEST },
      reading: { source: 'server', rssBytes: 890 * MEBIBYTE }
    });
    expect(part(host, 'peak').textContent).toBe('highest 890.0 MiB, sampled');
  });

  it('is left out if it is unknown', () => {
    for (const present of [null, { highest: null }]) {
      const host = show({ present });
      expect(host.querySelector('.jp-Memkit-peak')).toBeNull();
    }
  });
});

describe('the time until the limit is reached', () => {
  it.each([
    [0.4, 'Full in less than a second'],
    [38, 'Full in about 40 s'],
    [200, 'Full in about 3 min']
  ])('of %d s replaces the highest memory', (secondsToFull, text) => {
    const host = show({ secondsToFull, present: { highest: HIGHEST } });
    expect(part(host, 'climb').textContent).toBe(text);
    expect(host.querySelector('.jp-Memkit-peak')).toBeNull();
  });
});

describe('the legend', () => {
  it('is left out if there is only the kernel', () => {
    expect(legend(show())).toEqual([]);
  });

  it('counts child processes and adds up their memory', () => {
    const reading = { childrenBytes: 100 * MEBIBYTE };
    const host = show({ reading, present: { children: 2 } });
    expect(legend(host).slice(0, 2)).toEqual([
      'kernel 400.0 MiB',
      '2 child processes 100.0 MiB'
    ]);
    expect(part(host, 'children').dataset['bytes']).toBe(
      String(100 * MEBIBYTE)
    );
  });

  it('counts a single child process, also one that takes nothing', () => {
    expect(legend(show({ present: { children: 1 } })).at(1)).toBe(
      '1 child process 0 B'
    );
  });

  it('has child processes whose number only the kernel knows', () => {
    const reading = { childrenBytes: MEBIBYTE };
    expect(legend(show({ reading, present: null })).at(1)).toBe(
      'child processes 1.0 MiB'
    );
  });

  it('has what else counts against the limit', () => {
    const gauge = READING.gauge && {
      ...READING.gauge,
      usedBytes: 700 * MEBIBYTE
    };
    const host = show({ reading: { gauge } });
    expect(legend(host)).toEqual([
      'kernel 400.0 MiB',
      'other programs 300.0 MiB'
    ]);
    expect(part(host, 'other').dataset['bytes']).toBe(String(300 * MEBIBYTE));
  });

  it('has what the kernel has only reserved, if that counts', () => {
    const gauge = READING.gauge && {
      ...READING.gauge,
      covers: 'kernel' as const,
      usedBytes: 700 * MEBIBYTE
    };
    expect(legend(show({ reading: { gauge } }))).toEqual([
      'kernel 400.0 MiB',
      'reserved, at least 300.0 MiB'
    ]);
  });

  it('leaves out others that take hardly anything of the limit', () => {
    const gauge = READING.gauge && {
      ...READING.gauge,
      usedBytes: 420 * MEBIBYTE
    };
    expect(legend(show({ reading: { gauge } }))).toEqual([]);
  });

  it('has the memory in swap', () => {
    const host = show({ present: { swapBytes: 5 * MEBIBYTE } });
    expect(legend(host)).toEqual(['kernel 400.0 MiB', 'in swap 5.0 MiB']);
    expect(part(host, 'swap').dataset['bytes']).toBe(String(5 * MEBIBYTE));
  });
});

describe('the source of the figure', () => {
  it('is not mentioned while the kernel reports', () => {
    expect(show().querySelector('.jp-Memkit-source')).toBeNull();
  });

  it('is mentioned if it is the server', () => {
    const host = show({ reading: { source: 'server' } });
    expect(part(host, '.jp-Memkit-source').textContent).toBe(
      'Read by the server'
    );
    expect(part(host, 'rss').dataset['source']).toBe('server');
  });

  it('gives way to the time since which it may be outdated', () => {
    const host = show({
      reading: { source: 'server' },
      staleSinceS: 1790000000
    });
    expect(part(host, '.jp-Memkit-source').textContent).toBe(
      `Stale since ${formatClock(1790000000)}`
    );
    expect(part(host, 'rss').classList).toContain('jp-mod-stale');
    expect(part(host, 'limit').classList).toContain('jp-mod-stale');
  });
});
