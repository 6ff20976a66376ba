import * as React from 'react';
import { describe, expect, it } from 'vitest';

import { Toolbar } from '../../src/chart/toolbar';
import { click, part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

function show(changes: Partial<Toolbar.IProps> = {}): HTMLElement {
  const nothing = (): void => undefined;
  return render(
    <Toolbar
      rangeS={300}
      isLive={true}
      hasChildren={false}
      hasGpu={false}
      showsGpu={true}
      onRange={nothing}
      onLive={nothing}
      onGpu={nothing}
      trans={trans}
      {...changes}
    />
  );
}

function texts(host: HTMLElement, selector: string): (string | null)[] {
  return [...host.querySelectorAll(selector)].map(each => each.textContent);
}

describe('Toolbar', () => {
  it('lets the user choose the range', () => {
    const ranges: (number | null)[] = [];
    const shown = show({ onRange: range => ranges.push(range) });
    const buttons = [...part(shown, '[role=group]').querySelectorAll('button')];
    expect(buttons.map(button => button.textContent)).toEqual([
      '1 min',
      '5 min',
      '1 h',
      'All',
      'Live'
    ]);
    buttons.forEach(click);
    expect(ranges).toEqual([60, 300, 3600, null]);
  });

  it.each<[number | null, boolean, string[]]>([
    [60, true, ['1 min', 'Live']],
    [null, true, ['All', 'Live']],
    [60, false, []]
  ])('marks the range %s while it applies (%s)', (rangeS, isLive, expected) => {
    const shown = show({ rangeS, isLive });
    expect(texts(shown, '[aria-pressed=true]')).toEqual(expected);
  });

  it('returns to the present', () => {
    let returns = 0;
    const shown = show({
      isLive: false,
      onLive: () => {
        returns += 1;
      }
    });
    click(part(shown, '.jp-Memkit-live'));
    expect(returns).toBe(1);
  });

  it.each<[boolean, boolean, string[]]>([
    [false, false, []],
    [true, false, ['child processes']],
    [false, true, ['GPU']],
    [true, true, ['child processes', 'GPU']]
  ])(
    'explains only what is drawn (%s, %s)',
    (hasChildren, hasGpu, expected) => {
      const shown = show({ hasChildren, hasGpu });
      expect(texts(shown, '[data-series]')).toEqual(expected);
    }
  );

  it.each([true, false])('shows whether GPUs are shown (%s)', showsGpu => {
    const shown = show({ hasGpu: true, showsGpu });
    const button = part(shown, '[data-series=gpu]');
    expect(button.getAttribute('aria-pressed')).toBe(String(showsGpu));
    expect(button.title).toBe('Show or hide the memory on GPUs');
  });
});
