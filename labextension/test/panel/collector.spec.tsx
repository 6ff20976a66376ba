import * as React from 'react';
import { describe, expect, it } from 'vitest';

import { CollectorChip } from '../../src/panel/collector';
import { formatClock } from '../../src/text/format';
import type { ICollectorPause } from '../../src/wire/protocol';
import { click, dataOf, part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

const BY_HAND: ICollectorPause = {
  enabled: false,
  by: '%gc_pause on',
  sinceS: 1790000000
};

function show(
  changes: Partial<ICollectorPause> = {},
  cells = 3,
  onResume: () => void = () => undefined
): HTMLElement {
  const host = render(
    <CollectorChip
      pause={{ ...BY_HAND, ...changes }}
      cells={cells}
      onResume={onResume}
      trans={trans}
    />
  );
  return part(host, 'collector');
}

describe('CollectorChip', () => {
  it('shows what paused the collector, since when, and what resumes it', () => {
    const chip = show();
    expect(chip.textContent).toBe('GC pausedResume');
    expect(chip.title).toBe(
      "Python's garbage collector is paused by %gc_pause on since " +
        `${formatClock(1790000000)}; %gc_pause off resumes it`
    );
    expect(chip.getAttribute('aria-label')).toBe(`GC paused: ${chip.title}`);
    expect(dataOf(chip)).toMatchObject({ by: '%gc_pause on', cells: '3' });
    expect(chip.className).not.toContain('jp-mod-warning');
  });

  it('warns about a pause that lasts for many cells, in words', () => {
    const chip = show({}, 20);
    expect(chip.textContent).toBe('GC paused, 20 cellsResume');
    expect(chip.className).toContain('jp-mod-warning');
    expect(show({}, 19).textContent).toBe('GC pausedResume');
  });

  it('has no time and another remedy if the user disabled it', () => {
    const chip = show({ by: 'gc.disable()', sinceS: null });
    expect(chip.title).toBe(
      "Python's garbage collector is paused by gc.disable(); " +
        'gc.enable() resumes it'
    );
    expect(part(chip, 'button').title).toBe(
      'Run gc.enable() after the running cell'
    );
  });

  it.each(['%%gc_pause', 'constructor', '<img src=x onerror=alert(1)>'])(
    'has no remedy for %s, which ends by itself',
    by => {
      const chip = show({ by, sinceS: null });
      expect(chip.title).toBe(`Python's garbage collector is paused by ${by}`);
      expect(chip.querySelector('button')).toBeNull();
      expect(chip.textContent).toBe('GC paused');
    }
  );

  it('is resumed by its button, which says how', () => {
    let resumes = 0;
    const chip = show({}, 3, () => {
      resumes += 1;
    });
    const button = part(chip, 'button');
    expect(button.title).toContain('%gc_pause off');
    click(button);
    expect(resumes).toBe(1);
  });

  it('distinguishes raised thresholds from a pause', () => {
    const chip = show({ enabled: true });
    expect(chip.textContent).toBe('GC thresholds raisedResume');
    expect(chip.title).toMatch(/^The thresholds of .* are raised by %gc_pause/);
  });
});
