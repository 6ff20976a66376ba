import * as React from 'react';
import { describe, expect, it } from 'vitest';

import type { PanelAction } from '../../src/panel/actions';
import { Chips } from '../../src/panel/chips';
import type { ICell, IPresent } from '../../src/wire/protocol';
import { decodeCells, decodeSamples } from '../../src/wire/protocol';
import { decoded } from '../fakes/golden';
import { click, part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

const { cells: CELLS } = decoded(decodeCells, 'cells');
const { present: IDLE } = decoded(decodeSamples, 'samples_idle');
const { present: BUSY } = decoded(decodeSamples, 'samples');

function show(
  present: Partial<IPresent>,
  actions: PanelAction[] = [],
  cells: readonly ICell[] = CELLS
): HTMLElement {
  return render(
    <Chips
      present={{ ...IDLE, ...present }}
      cells={cells}
      onAction={action => actions.push(action)}
      trans={trans}
    />
  );
}

describe('the chip of the collector', () => {
  const { collectorPause } = BUSY;

  it('is there only while the collector is paused', () => {
    expect(
      show({}).querySelector('[data-testid="memkit-collector"]')
    ).toBeNull();
    expect(part(show({ collectorPause }), 'collector').textContent).toContain(
      'GC paused'
    );
  });

  it('counts the cells that started since the pause', () => {
    const chip = part(show({ collectorPause }), 'collector');
    // The first one started a second before.
    expect(chip.dataset['cells']).toBe('1');
  });

  it('counts none if the time of the pause is unknown', () => {
    const since = collectorPause && { ...collectorPause, sinceS: null };
    const chip = part(show({ collectorPause: since }), 'collector');
    expect(chip.dataset['cells']).toBe('0');
  });

  it('resumes the collector', () => {
    const actions: PanelAction[] = [];
    const host = show({ collectorPause }, actions);
    click(part(part(host, 'collector'), 'button'));
    expect(actions).toEqual(['resume-collector']);
  });
});

describe('the chip of the guard', () => {
  it('offers to arm one while there is none', () => {
    const actions: PanelAction[] = [];
    const chip = part(show({ guard: null }, actions), 'guard');
    expect(chip.dataset['armed']).toBe('false');
    expect(chip.textContent).toBe('No guardArm');
    expect(chip.title).toBe(
      'A cell that needs too much memory would end the kernel.'
    );
    const button = part(chip, 'button');
    expect(button.title).toContain('%memguard auto');
    click(button);
    expect(actions).toEqual(['arm-guard']);
  });

  it.each([
    ['stop', 'A cell that reaches 85% is stopped.'],
    ['warn', 'A cell that reaches 85% gets a warning.']
  ] as const)(
    'shows the mark of one that would %s, and disarms it',
    (action, title) => {
      const actions: PanelAction[] = [];
      const guard = { mark: '85%', action };
      const chip = part(show({ guard }, actions), 'guard');
      expect(chip.dataset['armed']).toBe('true');
      expect(chip.textContent).toBe('Guard: 85%Disarm');
      expect(chip.title).toBe(title);
      const button = part(chip, 'button');
      expect(button.title).toContain('%memguard off');
      click(button);
      expect(actions).toEqual(['disarm-guard']);
    }
  );

  it('shows a mark as text', () => {
    const mark = '<img src=x onerror=alert(1)>';
    const host = show({ guard: { mark, action: 'stop' } });
    expect(host.querySelector('img')).toBeNull();
    expect(part(host, 'guard').textContent).toContain(mark);
  });
});
