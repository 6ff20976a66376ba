import * as React from 'react';
import { describe, expect, it } from 'vitest';

import { CollectorChip } from '../../src/panel/collector';
import { formatClock } from '../../src/text/format';
import type { ICollectorPause } from '../../src/wire/protocol';
import { dataOf, part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

const BY_HAND: ICollectorPause = {
  enabled: false,
  by: '%gc_pause on',
  sinceS: 1790000000
};

function show(changes: Partial<ICollectorPause> = {}, cells = 3): HTMLElement {
  const host = render(
    <CollectorChip
      pause={{ ...BY_HAND, ...changes }}
      cells={cells}
      trans={trans}
    />
  );
  return part(host, 'collector');
}

describe('CollectorChip', () => {
  it('shows what paused the collector, since when, and what resumes it', () => {
    const chip = show();
    expect(chip.textContent).toBe('GC paused');
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
    expect(chip.textContent).toBe('GC paused, 20 cells');
    expect(chip.className).toContain('jp-mod-warning');
    expect(show({}, 19).textContent).toBe('GC paused');
  });

  it('has no time and another remedy if the user disabled it', () => {
    expect(show({ by: 'gc.disable()', sinceS: null }).title).toBe(
      "Python's garbage collector is paused by gc.disable(); " +
        'gc.enable() resumes it'
    );
  });

  it.each(['%%gc_pause', 'constructor'])(
    'names no remedy for a pause that ends by itself',
    by => {
      expect(show({ by, sinceS: null }).title).toBe(
        `Python's garbage collector is paused by ${by}`
      );
    }
  );

  it('distinguishes raised thresholds from a pause', () => {
    const chip = show({ enabled: true });
    expect(chip.textContent).toBe('GC thresholds raised');
    expect(chip.title).toMatch(/^The thresholds of .* are raised by %gc_pause/);
  });
});
