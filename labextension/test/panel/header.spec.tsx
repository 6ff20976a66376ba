import * as React from 'react';
import { describe, expect, it } from 'vitest';

import { Header } from '../../src/panel/header';
import { click, part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

function show(props: Partial<Header.IProps> = {}): HTMLElement {
  return render(
    <Header
      name="a.ipynb"
      state={null}
      elapsedS={null}
      onInterrupt={() => undefined}
      onMenu={() => undefined}
      trans={trans}
      {...props}
    />
  );
}

describe('Header', () => {
  it('has the name of the notebook, whole in its title', () => {
    const name = `${'long '.repeat(50)}.ipynb`;
    const heading = part(show({ name }), 'h2');
    expect(heading.textContent).toBe(name);
    expect(heading.title).toBe(name);
  });

  it('has a name without a notebook', () => {
    expect(part(show({ name: '' }), 'h2').textContent).toBe('Memory');
  });

  it('shows a name as text', () => {
    const name = '<img src=x onerror=alert(1)>';
    const host = show({ name });
    expect(host.querySelector('img')).toBeNull();
    expect(part(host, 'h2').textContent).toBe(name);
  });

  it.each([
    ['idle', 'Idle'],
    ['running', 'Running'],
    ['ended', 'Ended']
  ] as const)('says in a word that the kernel is %s', (state, word) => {
    const shown = part(show({ state }), state);
    expect(shown.textContent).toBe(word);
    expect(shown.classList).toContain(`jp-mod-${state}`);
  });

  it('says nothing about a kernel whose state is unknown', () => {
    expect(show().querySelector('.jp-Memkit-state')).toBeNull();
  });

  it('has the time for which the cell has been running', () => {
    const host = show({ state: 'running', elapsedS: 12.34 });
    expect(part(host, '.jp-Memkit-elapsed').textContent).toBe('12.3 s');
  });

  it('interrupts a running cell', () => {
    let interrupts = 0;
    const host = show({
      state: 'running',
      onInterrupt: () => {
        interrupts += 1;
      }
    });
    const button = part(host, 'interrupt');
    expect(button.getAttribute('aria-label')).toBe('Interrupt the kernel');
    click(button);
    expect(interrupts).toBe(1);
  });

  it('opens the menu at its button', () => {
    const opened: HTMLElement[] = [];
    const host = show({ onMenu: button => opened.push(button) });
    const button = part(host, 'menu');
    click(button);
    expect(opened).toEqual([button]);
  });

  it.each([null, 'idle', 'ended'] as const)(
    'has nothing to interrupt while the kernel is %s',
    state => {
      const host = show({ state });
      expect(host.querySelector('[data-testid=memkit-interrupt]')).toBeNull();
    }
  );
});
