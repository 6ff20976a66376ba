import { MessageLoop } from '@lumino/messaging';
import { Panel, Widget } from '@lumino/widgets';
import { act } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { HintsSection } from '../../src/lists/hintsSection';
import { LibrariesSection } from '../../src/lists/librariesSection';
import { VariablesSection } from '../../src/lists/variablesSection';
import { golden } from '../fakes/golden';
import type { FakeKernel } from '../fakes/kernel';
import { settle } from '../fakes/kernel';
import { FakePage } from '../fakes/page';
import { click, part } from '../fakes/render';
import { trans } from '../fakes/trans';

let page: FakePage;
let host: Panel;
let kernel: FakeKernel;
let acted: string[];

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal('requestIdleCallback', (run: () => void) => setTimeout(run));
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  acted = [];
  page = new FakePage();
  page.sidebar.setActive('panel', true);
  kernel = await page.openLive({ running: null });
  host = new Panel();
  Widget.attach(host, document.body);
});

afterEach(() => {
  act(() => {
    host.dispose();
  });
  page.dispose();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Let time pass, and let Lumino and React follow. */
async function follow(): Promise<void> {
  await act(async () => {
    await vi.advanceTimersByTimeAsync(1000);
    await settle();
    MessageLoop.flush();
    await vi.advanceTimersByTimeAsync(100);
  });
}

async function open(section: Widget): Promise<void> {
  host.addWidget(section);
  await follow();
}

function variables(): VariablesSection {
  return new VariablesSection({
    sidebar: page.sidebar,
    onVariableMenu: () => undefined,
    onAct: ({ name }, action) => acted.push(`${action} ${name}`),
    trans
  });
}

function names(): string[] {
  return [...host.node.querySelectorAll<HTMLElement>('[data-variable]')].map(
    row => row.dataset['variable'] ?? ''
  );
}

describe('the section of variables', () => {
  it('asks, and shows the list', async () => {
    await open(variables());
    expect(part(host.node, '[role=status]').textContent).toContain('Waiting');
    expect(kernel.lastRequest.content).toEqual(golden('ask_variables'));
    kernel.lastRequest.reply(golden('variables'));
    await follow();
    expect(names()).toEqual(['orders', 'net', '<b>bold</b>']);
    expect(part(host.node, '[role=status]').textContent).toBe('');
  });

  it('filters, sorts and expands', async () => {
    await open(variables());
    kernel.lastRequest.reply(golden('variables'));
    await follow();
    click(part(host.node, '[data-sort=name]'));
    await follow();
    expect(names()).toEqual(['<b>bold</b>', 'net', 'orders']);
    click(part(host.node, '[data-variable=net] [aria-expanded]'));
    await follow();
    expect(host.node.querySelectorAll('dl')).toHaveLength(1);
    click(part(host.node, '[data-variable=net] [aria-expanded]'));
    await follow();
    expect(host.node.querySelectorAll('dl')).toHaveLength(0);
    const filter = part(host.node, 'input') as HTMLInputElement;
    filter.value = 'ord';
    filter.dispatchEvent(new Event('input', { bubbles: true }));
    await follow();
    expect(names()).toEqual(['orders']);
  });

  it('says that it waits for the cell, or for its turn', async () => {
    await open(variables());
    kernel.lastRequest.reply(golden('variables', { took_s: 1 }));
    await follow();
    kernel.beginCell();
    kernel.broadcast(golden('cells'));
    await follow();
    const state = part(host.node, '.jp-Memkit-lookupState');
    expect(state.textContent).toBe('Updated after this cell');
    kernel.endCell();
    kernel.broadcast(golden('cells'));
    await follow();
    expect(state.textContent).toBe('Updated in a few seconds');
    const count = kernel.requests.length;
    click(part(host.node, 'button'));
    await follow();
    expect(kernel.requests.length).toBe(count + 1);
  });

  it.each([
    ['refused', 'pip install --upgrade'],
    ['unavailable', 'did not answer']
  ])('has a sentence for a reply that is %s', async (type, text) => {
    await open(variables());
    kernel.lastRequest.reply(golden(type));
    await follow();
    expect(part(host.node, '[role=status]').textContent).toContain(text);
  });

  it('offers to undo what can be undone', async () => {
    await open(variables());
    kernel.lastRequest.reply(
      golden('variables', { 'variables.0.actions': ['delete', 'restore'] })
    );
    await follow();
    const inspection = page.sidebar.model?.inspection;
    const outcome = { ...golden('acted'), freedBytes: 1, beforeBytes: 2 };
    act(() => {
      if (inspection) {
        inspection.variables.outcome = { ...outcome, afterBytes: 1 } as never;
      }
    });
    await follow();
    const [undo, dismiss] = part(host.node, 'outcome').querySelectorAll(
      'button'
    );
    expect(undo?.textContent).toBe('Undo');
    undo?.click();
    expect(acted).toEqual(['restore orders']);
    dismiss?.click();
    await follow();
    expect(inspection?.variables.outcome).toBe(null);
  });

  it('stops asking when it is hidden or removed', async () => {
    const section = variables();
    await open(section);
    const model = page.sidebar.model?.inspection.variables;
    expect(model?.isOpen).toBe(true);
    section.hide();
    expect(model?.isOpen).toBe(false);
    section.show();
    expect(model?.isOpen).toBe(true);
    section.parent = null;
    expect(model?.isOpen).toBe(false);
    section.dispose();
  });

  it('is empty without a kernel', async () => {
    await open(variables());
    page.open(null, 'b.ipynb');
    await follow();
    expect(host.node.querySelector('button')).toBe(null);
  });
});

describe('the section of hints', () => {
  it('has their number in its title', async () => {
    const section = new HintsSection({
      sidebar: page.sidebar,
      onApply: () => undefined,
      trans
    });
    expect(section.title.label).toBe('Hints');
    await open(section);
    kernel.lastRequest.reply(golden('hints'));
    await follow();
    expect(section.title.label).toBe('Hints (2)');
    expect(part(host.node, 'hints').children).toHaveLength(2);
  });
});

describe('the section of libraries', () => {
  let unloaded: string[];

  beforeEach(async () => {
    unloaded = [];
    await open(
      new LibrariesSection({
        sidebar: page.sidebar,
        onUnload: ({ name }) => unloaded.push(name),
        trans
      })
    );
  });

  function libraries(): string[] {
    return [...host.node.querySelectorAll<HTMLElement>('[data-library]')].map(
      row => row.dataset['library'] ?? ''
    );
  }

  it('asks, lists, sorts, explains and unloads', async () => {
    expect(kernel.lastRequest.content).toEqual(golden('ask_libraries'));
    kernel.lastRequest.reply(golden('libraries'));
    await follow();
    expect(libraries()).toEqual(['numpy', 'sympy', 'joblib']);
    const numpy = part(host.node, '[data-library=numpy]');
    expect(numpy.textContent).toContain(
      '144 modules · used by np, prices, pandas and 1 more'
    );
    expect(numpy.textContent).not.toContain('its C core');
    click(part(numpy, '[aria-expanded]'));
    await follow();
    expect(host.node.textContent).toContain('its C core is loaded once');
    expect(part(host.node, '[data-library=joblib]').textContent).toContain(
      '1 module · unused'
    );
    expect(host.node.textContent).toContain('2 smaller libraries');
    expect(host.node.textContent).toContain('The time limit was reached');
    click(part(host.node, '[data-sort=name]'));
    await follow();
    expect(libraries()).toEqual(['joblib', 'numpy', 'sympy']);
    click(part(host.node, '[data-library=sympy] .jp-mod-styled'));
    expect(unloaded).toEqual(['sympy']);
  });

  it('waits for the user after a cell, and unloads after it', async () => {
    kernel.lastRequest.reply(golden('libraries', { complete: true, more: 0 }));
    await follow();
    const count = kernel.requests.length;
    kernel.beginCell();
    kernel.broadcast(golden('cells'));
    await follow();
    const state = part(host.node, '.jp-Memkit-lookupState');
    expect(state.textContent).toContain('refresh to list again');
    const button = part(host.node, '[data-library=sympy] .jp-mod-styled');
    expect(button.getAttribute('aria-label')).toBe(
      'Unload sympy after this cell'
    );
    kernel.endCell();
    kernel.broadcast(golden('cells'));
    await follow();
    expect(kernel.requests.length).toBe(count);
    click(part(host.node, '.jp-Memkit-lookupHeader button'));
    await follow();
    expect(kernel.requests.length).toBe(count + 1);
    click(part(host.node, '[data-library=sympy] .jp-mod-styled'));
    expect(unloaded).toEqual([]);
  });

  it('says that nothing is loaded', async () => {
    kernel.lastRequest.reply(golden('libraries', { libraries: [] }));
    await follow();
    expect(host.node.textContent).toContain('Only the kernel’s own libraries');
  });
});
