import { readFileSync } from 'node:fs';

import { act } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { CONNECTION } from '../../src/live/host';
import { fakeCanvas } from '../fakes/canvas';
import { golden } from '../fakes/golden';
import { click, part } from '../fakes/render';
import { FakeHost } from './host';

interface IModule {
  default: {
    render: (context: { model: FakeHost; el: HTMLElement }) => () => void;
  };
}

const BUILT = `${import.meta.dirname}/../../../jupyter_memkit/widget/static/live.js`;

const code = readFileSync(BUILT, 'utf-8');
const css = readFileSync(BUILT.replace(/js$/, 'css'), 'utf-8');

const load: Record<string, () => Promise<IModule>> = {
  source: async () => await import('../../src/live/index'),
  // From its text, as anywidget does in any front end.
  built: async () =>
    (await import(
      /* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`
    )) as IModule
};

describe('the built module', () => {
  it('imports nothing', () => {
    expect(code).not.toMatch(/(^|[;}])import[\s{*'"(]/);
    expect(code).not.toMatch(/\bimport\(/);
    expect(code).not.toContain('@jupyterlab');
    expect(code).not.toContain('require(');
  });
});

describe('the built style sheet', () => {
  it('styles nothing outside the widget', () => {
    const selectors = css
      .replace(/@keyframes[^{]*\{([^{}]*\{[^{}]*\})*\}/g, '')
      .match(/[^{}@;]+(?=\{)/g)
      ?.flatMap(list => list.split(/,(?![^(]*\))/))
      .filter(selector => !/^(media|container)\b/.test(selector));
    expect(selectors).toContain('.jp-Memkit-live');
    expect(
      selectors?.filter(
        selector => !/^(:where\()?\.jp-Memkit-live\b/.test(selector)
      )
    ).toEqual([]);
  });
});

describe.each(Object.entries(load))('the widget, %s', (_kind, module) => {
  let host: FakeHost;
  let element: HTMLElement;
  let dispose: () => void;

  const node = (): HTMLElement => part(element, '[data-testid=memkit-live]');
  const text = (): string => element.textContent;
  /** Let the widget draw. */
  const draw = async (): Promise<void> => {
    await act(async () => {
      await vi.advanceTimersByTimeAsync(1500);
    });
  };

  beforeEach(async () => {
    vi.useFakeTimers({ now: 1790000010_500 });
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
    fakeCanvas();
    vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(300);
    host = new FakeHost();
    element = document.createElement('div');
    document.body.append(element);
    const { render } = (await module()).default;
    act(() => {
      dispose = render({ model: host, el: element });
    });
    await draw();
  });

  afterEach(() => {
    act(() => {
      dispose();
    });
    element.remove();
    document.documentElement.removeAttribute('class');
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('waits for the kernel', () => {
    expect(text()).toContain('Waiting for the first reading');
    expect(node().dataset['state']).toBe('waiting');
  });

  it('shows the figures, the chart and the variables as text', async () => {
    host.receive(golden('snapshot'));
    host.receive(golden('variables'));
    await draw();
    expect(part(element, '[data-testid=memkit-rss]').textContent).toMatch(
      /[\d.]+ [GM]iB/
    );
    part(element, '[data-testid=memkit-chart] .uplot');
    expect(text()).toContain('≈ 381.5 MiB');
    expect(text()).toContain('DataFrame 336,776 × 19');
    expect(text()).toContain('<b>bold</b>');
    expect(element.querySelector('img')).toBeNull();
  });

  it('shows no total where there are no variables', async () => {
    // The total of the message includes functions.
    host.receive({ ...golden('variables'), variables: [], more: 0 });
    await draw();
    expect(part(element, 'caption').textContent).toBe(
      'There are no variables.'
    );
  });

  it('offers the ranges of the sidebar', async () => {
    host.receive(golden('snapshot'));
    await draw();
    click(part(element, '.jp-Memkit-ranges button'));
    await draw();
    expect(
      part(element, '.jp-Memkit-ranges [aria-pressed=true]').textContent
    ).toBe('1 min');
  });

  it('says that the kernel has ended', async () => {
    host.receive(golden('snapshot'));
    host.emit(CONNECTION);
    await draw();
    expect(text()).toContain('Run this cell again');
    expect(text()).toContain('Stale since');
  });

  it('has colours of its own, light or dark as the page', async () => {
    expect(node().classList.contains('jp-mod-plain')).toBe(true);
    expect(node().classList.contains('jp-mod-dark')).toBe(false);
    element.style.color = 'rgb(230, 230, 230)';
    document.documentElement.className = 'vscode-dark';
    await draw();
    expect(node().classList.contains('jp-mod-dark')).toBe(true);
  });

  it('leaves nothing', () => {
    act(() => {
      dispose();
    });
    expect(element.childElementCount).toBe(0);
    expect(host.listening).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    dispose = () => undefined;
  });
});
