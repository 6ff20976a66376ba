import * as React from 'react';
import { describe, expect, it } from 'vitest';

import { Progress } from '../../src/panel/progress';
import type { IActivity } from '../../src/wire/protocol';
import { click, dataOf, part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

const MEBIBYTE = 1024 ** 2;

const FILE = 'orders.csv';

const ACTIVITY: IActivity = {
  label: FILE,
  unit: 'rows',
  reportedS: 100,
  done: 12_400_000,
  total: 20_000_000,
  perS: 1_234_567,
  chunks: 12,
  chunkPeakBytes: 85 * MEBIBYTE,
  budgetBytes: 150 * MEBIBYTE
};

function show(
  changes: Partial<IActivity> = {},
  props: Partial<Progress.IProps> = {}
): HTMLElement {
  return render(
    <Progress
      activity={{ ...ACTIVITY, ...changes }}
      isStale={false}
      nowS={100}
      onStop={() => undefined}
      trans={trans}
      {...props}
    />
  );
}

function bar(host: HTMLElement): HTMLElement {
  return part(host, '[role=progressbar]');
}

describe('Progress', () => {
  it('shows the progress, and carries it as numbers', () => {
    const host = show();
    expect(host.textContent).toBe(
      'orders.csv62%Stop' +
        '12,400,000 of 20,000,000 rows' +
        '1,230,000 rows/s6.2 s left' +
        '12 chunksrise 85.0 MiB of 150.0 MiB'
    );
    expect(dataOf(part(host, 'progress'))).toMatchObject({
      done: '12400000',
      total: '20000000',
      chunks: '12'
    });
  });

  it('is stopped by its user', () => {
    let stops = 0;
    const host = show(
      {},
      {
        onStop: () => {
          stops += 1;
        }
      }
    );
    click(part(host, 'stop'));
    expect(stops).toBe(1);
  });

  it('shows its names as text', () => {
    const name = '<img src=x onerror=alert(1)>';
    const host = show({ label: name, unit: name });
    expect(host.querySelector('img')).toBeNull();
    expect(part(host, '.jp-Memkit-activity').title).toBe(name);
  });

  it('has an accessible bar', () => {
    const attributes = bar(show()).attributes;
    expect(
      ['label', 'valuemin', 'valuemax', 'valuenow', 'valuetext'].map(
        name => attributes.getNamedItem(`aria-${name}`)?.value
      )
    ).toEqual([
      'orders.csv',
      '0',
      '100',
      '62',
      '12,400,000 of 20,000,000 rows, 12 chunks'
    ]);
  });

  it('fills the bar by the progress', () => {
    expect(part(show(), '.jp-Memkit-fill').style.width).toBe('62%');
  });

  it.each([
    ['the total is unknown', null],
    ['there was more than it looked like', 12_399_999],
    ['there is nothing', 0]
  ])('has a bar without an end when %s', (_name, total) => {
    const host = show({ total });
    expect(bar(host).hasAttribute('aria-valuenow')).toBe(false);
    expect(bar(host).className).toContain('jp-mod-endless');
    expect(host.textContent).toContain('12,400,000 rows');
    expect(host.textContent).not.toMatch(/%|left/);
  });

  it('does not estimate before the first chunk', () => {
    const host = show({
      done: 0,
      total: null,
      perS: null,
      chunks: 0,
      chunkPeakBytes: null,
      budgetBytes: null
    });
    expect(host.textContent).toBe('orders.csvStop0 rows0 chunks');
  });

  it.each([
    [103, '3.2 s left'],
    [105.5, '< 1 s left'],
    [200, '< 1 s left'],
    // The page may not know yet how late it is.
    [99, '6.2 s left']
  ])('counts the time down while a chunk lasts', (nowS, text) => {
    expect(part(show({}, { nowS }), 'left').textContent).toBe(text);
  });

  it('shows the rise of a chunk without a budget', () => {
    const host = show({ budgetBytes: null });
    expect(part(host, 'chunk-peak').textContent).toBe('rise 85.0 MiB');
  });

  it('counts one chunk', () => {
    expect(show({ chunks: 1 }).textContent).toContain('1 chunkrise');
  });

  it('states in words that the kernel does not report, and estimates no time', () => {
    const host = show({}, { isStale: true });
    expect(part(host, 'section').className).toContain('jp-mod-stale');
    expect(host.textContent).toMatch(/As last reported by the kernel$/);
    expect(host.textContent).not.toContain('left');
  });
});
