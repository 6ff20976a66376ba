import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { PanelAction } from '../../src/panel/actions';
import { MemoryPanel } from '../../src/panel/panel';
import { fakeCanvas } from '../fakes/canvas';
import { golden } from '../fakes/golden';
import { FakeKernel, settle } from '../fakes/kernel';
import { FakePage } from '../fakes/page';
import { part } from '../fakes/render';
import { trans } from '../fakes/trans';

const ASKING = [
  'jupyter-memkit-variables',
  'jupyter-memkit-hints',
  'jupyter-memkit-libraries'
];

let page: FakePage;
let panel: MemoryPanel;
let actions: PanelAction[];

beforeEach(() => {
  fakeCanvas();
  // JupyterLab shows its components when the page has nothing else to do.
  vi.stubGlobal('requestIdleCallback', (run: () => void) => setTimeout(run));
  actions = [];
  page = new FakePage();
  panel = new MemoryPanel({
    sidebar: page.sidebar,
    onAction: action => actions.push(action),
    onVariableMenu: () => undefined,
    onOpen: () => undefined,
    onMenu: () => undefined,
    onAct: () => undefined,
    onApply: () => undefined,
    onUnload: () => undefined,
    translator: { languageCode: 'en', load: () => trans }
  });
});

afterEach(() => {
  panel.dispose();
  page.dispose();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Wait for Lumino and React to show a part. */
function shown(name: string): Promise<HTMLElement> {
  return vi.waitFor(() => part(panel.node, name));
}

describe('MemoryPanel', () => {
  it('has an accessible name', () => {
    expect(panel.node.getAttribute('role')).toBe('region');
    expect(panel.node.getAttribute('aria-label')).toBe('Memory');
    expect(panel.title.caption).toBe('Memory');
    expect(panel.id).toBe('jupyter-memkit');
  });

  it('has its top above the sections, so that it does not scroll with them', async () => {
    Widget.attach(panel, document.body);
    const top = await shown('.jp-Memkit-top');
    expect(panel.header.node.contains(top)).toBe(true);
    expect(panel.content.node.contains(top)).toBe(false);
  });

  it('passes on what the user does', async () => {
    page.open(null);
    Widget.attach(panel, document.body);
    (await shown('action')).click();
    expect(actions).toEqual(['select-kernel']);
  });

  it('has sections with titles', () => {
    expect(panel.widgets.map(({ title }) => title.label)).toEqual(
      expect.arrayContaining(['Timeline', 'Cells'])
    );
    const ids = panel.widgets.map(({ id }) => id);
    expect(new Set(ids).size).toBe(panel.widgets.length);
  });
});

describe('MemoryPanel#collapsed', () => {
  it('has at first the sections that ask the kernel', () => {
    expect(panel.collapsed).toEqual(ASKING);
  });

  it('collapses and expands sections, and signals it', () => {
    let changes = 0;
    panel.collapsedChanged?.connect(() => {
      changes += 1;
    });
    panel.collapsed = ['jupyter-memkit-cells'];
    expect(panel.collapsed).toEqual(['jupyter-memkit-cells']);
    panel.collapsed = ['jupyter-memkit-timeline'];
    expect(panel.collapsed).toEqual(['jupyter-memkit-timeline']);
    panel.collapsed = [];
    expect(panel.collapsed).toEqual([]);
    expect(changes).toBe(7);
  });

  it('ignores sections that no longer exist', () => {
    panel.collapsed = ['jupyter-memkit-kernels'];
    expect(panel.collapsed).toEqual([]);
  });

  it('follows a click on the title of a section', () => {
    Widget.attach(panel, document.body);
    const [title] = panel.node.querySelectorAll<HTMLElement>(
      '.lm-AccordionPanel-title'
    );
    title?.click();
    expect(panel.collapsed).toEqual([panel.widgets[0]?.id, ...ASKING]);
  });
});

describe('the sidebar', () => {
  it('is active only while the panel is visible', async () => {
    expect(page.sidebar.isActive).toBe(false);
    Widget.attach(panel, document.body);
    expect(page.sidebar.isActive).toBe(true);
    panel.hide();
    expect(page.sidebar.isActive).toBe(false);
    panel.show();
    expect(page.sidebar.isActive).toBe(true);
    Widget.detach(panel);
    expect(page.sidebar.isActive).toBe(false);
    await settle();
  });

  it('is not active in a panel that is attached hidden', () => {
    panel.hide();
    Widget.attach(panel, document.body);
    expect(page.sidebar.isActive).toBe(false);
  });

  it('asks the kernel only while the panel is visible', async () => {
    Widget.attach(panel, document.body);
    const kernel = await page.openLive();
    panel.hide();
    panel.show();
    await settle();
    kernel.lastRequest.reply(golden('snapshot'));
    Widget.detach(panel);
    expect(kernel.requestTypes).toEqual([
      'subscribe',
      'unsubscribe',
      'subscribe',
      'unsubscribe'
    ]);
  });

  it('asks about variables only while their section is open', async () => {
    vi.useFakeTimers();
    Widget.attach(panel, document.body);
    const kernel = await page.openLive({ running: null });
    await vi.advanceTimersByTimeAsync(2000);
    expect(kernel.requestTypes).toEqual(['subscribe']);
    panel.collapsed = ['jupyter-memkit-hints', 'jupyter-memkit-libraries'];
    await vi.advanceTimersByTimeAsync(2000);
    expect(kernel.requestTypes).toEqual(['subscribe', 'variables']);
    kernel.lastRequest.reply(golden('variables'));
    panel.hide();
    kernel.broadcast(golden('cells'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(
      kernel.requestTypes.filter(type => type === 'variables')
    ).toHaveLength(1);
    vi.useRealTimers();
  });

  it('probes a silent kernel only while the panel is visible', () => {
    page.open(new FakeKernel());
    const { model } = page.sidebar;
    expect(model?.isProbing).toBe(false);
    Widget.attach(panel, document.body);
    expect(model?.isProbing).toBe(true);
    panel.hide();
    expect(model?.isProbing).toBe(false);
  });
});
