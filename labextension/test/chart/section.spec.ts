import { MessageLoop } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { act } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { MemoryChart } from '../../src/chart/chart';
import { TimelineSection } from '../../src/chart/section';
import type { MemoryModel } from '../../src/model/memory';
import type { Sidebar } from '../../src/model/sidebar';
import { click, part } from '../fakes/render';
import { trans } from '../fakes/trans';
import { modelOf, timelineOf } from './history';

/** What the section does with the chart. */
class FakeChart {
  constructor(
    readonly host: HTMLElement,
    readonly options: MemoryChart.IOptions
  ) {
    charts.push(this);
  }

  showsGpu = true;
  updates = 0;
  isDestroyed = false;

  update(): void {
    this.updates += 1;
  }

  destroy(): void {
    this.isDestroyed = true;
  }
}

const charts: FakeChart[] = [];
let isLoadable = true;

vi.mock('../../src/chart/chart', () => ({
  get MemoryChart() {
    if (!isLoadable) {
      throw new Error('no network');
    }
    return FakeChart;
  }
}));

class FakeSidebar {
  readonly stateChanged = new Signal<this, void>(this);
  readonly ticked = new Signal<this, void>(this);
  model: MemoryModel | null = modelOf({
    timeline: timelineOf({ tS: 100, rssBytes: 1 }, { tS: 1000, rssBytes: 2 }),
    nowS: 1000
  });

  get rangeS(): number | null {
    return this._rangeS;
  }
  set rangeS(rangeS: number | null) {
    this._rangeS = rangeS;
    this.stateChanged.emit();
  }

  private _rangeS: number | null = 300;
}

let sidebar: FakeSidebar;
let section: TimelineSection;
let opened: string[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  vi.stubGlobal('requestIdleCallback', (done: () => void) => {
    done();
  });
  charts.length = 0;
  isLoadable = true;
  opened = [];
  sidebar = new FakeSidebar();
  section = new TimelineSection({
    // The section uses nothing else of it.
    sidebar: sidebar as unknown as Sidebar,
    onOpen: cellId => opened.push(cellId),
    trans
  });
});

afterEach(() => {
  act(() => {
    section.dispose();
  });
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Let everything that was scheduled happen. */
async function settle(ms = 50): Promise<void> {
  await act(async () => {
    MessageLoop.flush();
    await vi.advanceTimersByTimeAsync(ms);
    MessageLoop.flush();
  });
}

async function attach(): Promise<void> {
  act(() => {
    Widget.attach(section, document.body);
  });
  await settle();
}

async function show(): Promise<FakeChart> {
  await attach();
  return lastChart();
}

function lastChart(): FakeChart {
  const chart = charts.at(-1);
  if (!chart) {
    throw new Error('There is no chart.');
  }
  return chart;
}

function pressed(): string[] {
  const buttons = section.node.querySelectorAll('button[aria-pressed=true]');
  return [...buttons].map(button => button.textContent);
}

function button(text: string): HTMLElement {
  const found = [...section.node.querySelectorAll('button')].find(
    each => each.textContent === text
  );
  if (!found) {
    throw new Error(`There is no button "${text}".`);
  }
  return found;
}

describe('TimelineSection', () => {
  it('loads the chart when it is first shown, and not before', async () => {
    sidebar.stateChanged.emit();
    section.hide();
    await attach();
    expect(charts).toEqual([]);
    section.show();
    await settle();
    expect(charts.length).toBe(1);
    expect(lastChart().updates).toBe(0);
  });

  it('draws once for the changes of one message', async () => {
    const chart = await show();
    const before = chart.updates;
    for (let change = 0; change < 4; change += 1) {
      sidebar.stateChanged.emit();
    }
    await settle();
    expect(chart.updates).toBe(before + 1);
  });

  it('draws at most once a second as time goes on', async () => {
    const chart = await show();
    const before = chart.updates;
    for (let tick = 0; tick < 40; tick += 1) {
      await settle(260);
      sidebar.ticked.emit();
    }
    expect(chart.updates - before).toBe(10);
  });

  it('does not draw as time goes on while a part of the past is shown', async () => {
    const chart = await show();
    chart.options.view.select(200, 300);
    await settle(5000);
    const before = chart.updates;
    sidebar.ticked.emit();
    await settle();
    expect(chart.updates).toBe(before);
  });

  it('does nothing while it is collapsed, and catches up', async () => {
    const chart = await show();
    section.hide();
    await settle(5000);
    const before = chart.updates;
    sidebar.stateChanged.emit();
    sidebar.ticked.emit();
    await settle();
    expect(chart.updates).toBe(before);
    section.show();
    await settle();
    expect(chart.updates).toBe(before + 1);
  });

  it('does nothing while the page is hidden', async () => {
    const chart = await show();
    await settle(5000);
    const before = chart.updates;
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    sidebar.stateChanged.emit();
    sidebar.ticked.emit();
    await settle();
    expect(chart.updates).toBe(before);
  });

  it('reads the stretch of time that is shown', async () => {
    const { options } = await show();
    expect(options.read(300)).toMatchObject({ fromS: 700, toS: 1000 });
    options.view.select(200, 300);
    expect(options.read(300)).toMatchObject({ fromS: 200, toS: 300 });
    sidebar.model = null;
    expect(options.read(300)).toBeNull();
    await settle();
  });

  it('keeps the range that the user chooses', async () => {
    await show();
    expect(pressed()).toEqual(['5 min', 'Live']);
    click(button('All'));
    await settle();
    expect(sidebar.rangeS).toBeNull();
    expect(pressed()).toEqual(['All', 'Live']);
  });

  it.each(['Live', '1 min'])(
    'marks no range while the past is shown, until "%s"',
    async text => {
      const { options } = await show();
      options.view.select(200, 300);
      await settle();
      expect(pressed()).toEqual([]);
      click(button(text));
      await settle();
      expect(options.view.isLive).toBe(true);
      expect(pressed()).toContain('Live');
    }
  );

  it('follows the present of another kernel', async () => {
    const { options } = await show();
    options.view.select(200, 300);
    await settle();
    sidebar.model = modelOf({});
    sidebar.stateChanged.emit();
    await settle();
    expect(options.view.isLive).toBe(true);
  });

  it('says in words what is drawn', async () => {
    const chart = await show();
    const label = (): string | null =>
      part(section.node, 'chart').getAttribute('aria-label');
    expect(label()).toBe('Memory over time');
    chart.options.onDrawn({ hasChildren: true, hasGpu: false });
    await settle();
    expect(label()).toBe('Memory over time, with child processes on top');
    expect(section.node.textContent).toContain('child processes');
  });

  it('hides and shows the memory on GPUs', async () => {
    const chart = await show();
    chart.options.onDrawn({ hasChildren: false, hasGpu: true });
    await settle();
    click(button('GPU'));
    await settle();
    expect(chart.showsGpu).toBe(false);
    expect(button('GPU').getAttribute('aria-pressed')).toBe('false');
    click(button('GPU'));
    expect(chart.showsGpu).toBe(true);
    await settle();
  });

  it('leads from the chart to a cell', async () => {
    const chart = await show();
    chart.options.onOpen('cell-5');
    expect(opened).toEqual(['cell-5']);
  });

  it('can be reached by the keyboard, and describes its keys', async () => {
    await show();
    const host = part(section.node, 'chart');
    expect(host.tabIndex).toBe(0);
    const keys = host.getAttribute('aria-describedby') ?? '';
    expect(part(section.node, `[id='${keys}']`).textContent).toMatch(
      /Home.*Escape/
    );
  });

  it('ends the chart when there is no kernel, and begins again', async () => {
    const chart = await show();
    const { model } = sidebar;
    sidebar.model = null;
    sidebar.stateChanged.emit();
    await settle();
    expect(chart.isDestroyed).toBe(true);
    expect(section.node.textContent).toBe('');
    sidebar.model = model;
    sidebar.stateChanged.emit();
    await settle();
    expect(charts.length).toBe(2);
  });

  it('ends the chart, and listens no longer, when it is disposed', async () => {
    const chart = await show();
    const before = chart.updates;
    act(() => {
      section.dispose();
    });
    sidebar.stateChanged.emit();
    sidebar.ticked.emit();
    await settle();
    expect(chart.isDestroyed).toBe(true);
    expect(chart.updates).toBe(before);
  });

  it('says so if the chart cannot be loaded', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    isLoadable = false;
    await attach();
    await settle();
    expect(section.node.textContent).toContain(
      'The chart could not be loaded. Reload the page.'
    );
    expect(warn).toHaveBeenCalledOnce();
  });
});
