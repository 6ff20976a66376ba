import * as React from 'react';
import { describe, expect, it } from 'vitest';

import { Gauge, otherBytesOf } from '../../src/panel/gauge';
import type { IGauge } from '../../src/wire/protocol';
import { dataOf, part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

const MEBIBYTE = 1024 ** 2;

const GAUGE: IGauge = {
  limitBytes: 1000 * MEBIBYTE,
  usedBytes: 600 * MEBIBYTE,
  name: 'cgroup memory.max',
  covers: 'container'
};

function show(
  gauge: Partial<IGauge> = {},
  props: Partial<Gauge.IProps> = {}
): HTMLElement {
  const host = render(
    <Gauge
      gauge={{ ...GAUGE, ...gauge }}
      rssBytes={200 * MEBIBYTE}
      childrenBytes={100 * MEBIBYTE}
      highestBytes={null}
      isStale={false}
      trans={trans}
      {...props}
    />
  );
  return part(host, 'limit');
}

function widths(gauge: HTMLElement): string[] {
  return ['kernel', 'children', 'other'].map(
    name => part(gauge, `.jp-Memkit-${name}`).style.width
  );
}

describe('Gauge', () => {
  it('has segments for the kernel, its children and all else that counts', () => {
    expect(widths(show())).toEqual(['20%', '10%', '30%']);
  });

  it('has a segment of what the kernel has only reserved, if that counts', () => {
    const gauge = show({ covers: 'kernel', usedBytes: 950 * MEBIBYTE });
    expect(widths(gauge)).toEqual(['20%', '0%', '75%']);
  });

  it('leaves children out of a limit that covers the kernel alone', () => {
    const usedBytes = 200 * MEBIBYTE;
    const gauge = show(
      { covers: 'kernel', usedBytes },
      { childrenBytes: 900 * MEBIBYTE }
    );
    expect(widths(gauge)).toEqual(['20%', '0%', '0%']);
  });

  it('is a meter with a label and words', () => {
    const { attributes } = show();
    expect(
      ['label', 'valuemin', 'valuemax', 'valuenow', 'valuetext'].map(
        name => attributes.getNamedItem(`aria-${name}`)?.value
      )
    ).toEqual([
      'Memory in use',
      '0',
      '100',
      '60',
      '60% of 1000.0 MiB (cgroup memory.max, for the whole container)'
    ]);
  });

  it('explains its sizes in its title, and carries them as numbers', () => {
    const gauge = show();
    expect(gauge.title).toBe(
      '600.0 MiB of 1000.0 MiB in use: cgroup memory.max, for the whole container'
    );
    expect(dataOf(gauge)).toMatchObject({
      bytes: String(GAUGE.limitBytes),
      usedBytes: String(GAUGE.usedBytes)
    });
  });

  it.each([
    ['kernel', 'for the kernel alone'],
    ['family', 'for the kernel and its child processes'],
    ['container', 'for the whole container'],
    ['machine', 'for all programs']
  ] as const)('says whose memory counts: that of the %s', (covers, words) => {
    const gauge = show({ covers });
    expect(gauge.title).toContain(words);
    expect(gauge.getAttribute('aria-valuetext')).toContain(words);
  });

  it('keeps its proportions beyond the limit, and says how far it is', () => {
    const gauge = show(
      { usedBytes: 2000 * MEBIBYTE },
      { rssBytes: 500 * MEBIBYTE, childrenBytes: 1000 * MEBIBYTE }
    );
    expect(widths(gauge)).toEqual(['25%', '50%', '25%']);
    expect(gauge.getAttribute('aria-valuenow')).toBe('100');
    expect(gauge.getAttribute('aria-valuetext')).toMatch(/^200% of/);
  });

  it('does not round a little memory down to nothing', () => {
    const gauge = show({ usedBytes: 1 });
    expect(gauge.getAttribute('aria-valuetext')).toMatch(/^< 1% of/);
  });

  it.each([
    [800, ''],
    [801, 'jp-mod-warning'],
    [950, 'jp-mod-warning'],
    [951, 'jp-mod-error'],
    [2000, 'jp-mod-error']
  ])('with %d of 1000 MiB in use has the level "%s"', (used, level) => {
    const { classList } = show({ usedBytes: used * MEBIBYTE });
    const levels = ['jp-mod-warning', 'jp-mod-error'];
    expect(levels.filter(each => classList.contains(each)).join()).toBe(level);
  });

  it('has a tick at the highest memory', () => {
    const gauge = show({}, { highestBytes: 750 * MEBIBYTE });
    expect(part(gauge, '.jp-Memkit-tick').style.left).toBe('75%');
  });

  it.each([null, 1001 * MEBIBYTE])(
    'has no tick at %s, which is not on it',
    highestBytes => {
      const gauge = show({}, { highestBytes });
      expect(gauge.querySelector('.jp-Memkit-tick')).toBeNull();
    }
  );

  it('fades while it may be outdated', () => {
    expect(show({}, { isStale: true }).classList).toContain('jp-mod-stale');
    expect(show().classList).not.toContain('jp-mod-stale');
  });
});

describe('otherBytesOf', () => {
  it('is never negative, although shared pages are counted twice', () => {
    const gauge = { ...GAUGE, usedBytes: 100 };
    expect(otherBytesOf({ gauge, rssBytes: 80, childrenBytes: 80 })).toBe(0);
  });
});
