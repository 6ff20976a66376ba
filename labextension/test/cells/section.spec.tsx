import { MessageLoop } from '@lumino/messaging';
import { Panel, Widget } from '@lumino/widgets';
import { act } from 'react';
import type { MockInstance } from 'vitest';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import * as details from '../../src/cells/details';
import { CellsSection } from '../../src/cells/section';
import { ended, FakeSidebar, MEBIBYTE, running } from '../fakes/cells';
import { settle } from '../fakes/kernel';
import { click, part } from '../fakes/render';
import { trans } from '../fakes/trans';

const MANY = Array.from({ length: 100 }, (_, index) =>
  ended({
    executionCount: index + 1,
    cellId: `c-${String(index)}`,
    startedS: 100 + index / 2,
    peakBytes: (480 - index) * MEBIBYTE
  })
);

const FEW = MANY.slice(0, 3);

let fake: FakeSidebar;
let host: Panel;
let section: CellsSection;
/** The rows that have been rendered. */
let rendered: MockInstance<typeof details.describeCell>;

beforeEach(() => {
  vi.stubGlobal('requestIdleCallback', (run: () => void) => setTimeout(run));
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  rendered = vi.spyOn(details, 'describeCell');
  fake = new FakeSidebar();
  host = new Panel();
  Widget.attach(host, document.body);
  section = build();
});

afterEach(() => {
  act(() => {
    host.dispose();
  });
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function build(state: CellsSection.IState | null = null): CellsSection {
  const { sidebar } = fake;
  const created = new CellsSection({
    sidebar,
    state,
    onOpen: () => undefined,
    trans
  });
  act(() => {
    host.addWidget(created);
    MessageLoop.flush();
  });
  return created;
}

/** Do something, and let Lumino and React follow. */
async function follow(work: () => void = () => undefined): Promise<void> {
  await act(async () => {
    work();
    await settle();
    MessageLoop.flush();
  });
}

function numbers(): (string | undefined)[] {
  return [...section.node.querySelectorAll<HTMLElement>('tbody tr')].map(
    row => row.dataset['executionCount']
  );
}

/** What changes on the page during some work. */
async function changesOf(work: () => void): Promise<MutationRecord[]> {
  const changes: MutationRecord[] = [];
  const observer = new MutationObserver(records => changes.push(...records));
  observer.observe(section.node, {
    attributes: true,
    characterData: true,
    childList: true,
    subtree: true
  });
  await follow(work);
  changes.push(...observer.takeRecords());
  observer.disconnect();
  return changes;
}

describe('CellsSection', () => {
  it('renders only rows that a message changes', async () => {
    await follow(() => {
      fake.receive(MANY, running());
    });
    expect(numbers().length).toBe(101);
    rendered.mockClear();

    // The kernel repeats what it knows.
    expect(
      await changesOf(() => {
        fake.receive(MANY, running());
      })
    ).toEqual([]);
    // The running cell grows.
    await follow(() => {
      fake.receive([], running({ peakBytes: 500 * MEBIBYTE }));
    });
    expect(part(section.node, 'tbody tr').textContent).toContain('+420.0 MiB');
    expect(rendered).not.toHaveBeenCalled();

    // It ends.
    const last = ended({ executionCount: 7, cellId: 'xyz', startedS: 200 });
    await follow(() => {
      fake.receive([last]);
    });
    expect(rendered).toHaveBeenCalledOnce();
    expect(numbers()[0]).toBe('7');
    expect(numbers().length).toBe(100);
  });

  it('writes only the elapsed time as time passes', async () => {
    await follow(() => {
      fake.receive(MANY, running());
    });
    rendered.mockClear();
    const changes = await changesOf(() => {
      fake.tick(204.5);
    });
    expect(changes.map(({ type }) => type)).toEqual(['characterData']);
    expect(part(section.node, 'tbody tr').textContent).toContain('4.5 s');
    expect(rendered).not.toHaveBeenCalled();
  });

  it('writes no time of a cell that has ended', async () => {
    await follow(() => {
      fake.receive(FEW, running());
    });
    await follow(() => {
      fake.receive([ended({ startedS: 200 })]);
    });
    const changes = await changesOf(() => {
      fake.tick(210);
    });
    expect(changes).toEqual([]);
  });

  it('does nothing while it is collapsed, and catches up after', async () => {
    await follow(() => {
      fake.receive(FEW.slice(0, 2), running());
    });
    section.hide();
    rendered.mockClear();
    const changes = await changesOf(() => {
      fake.receive(FEW, running({ peakBytes: 900 * MEBIBYTE }));
      fake.tick(300);
    });
    expect(changes.filter(({ target }) => target !== section.node)).toEqual([]);
    expect(rendered).not.toHaveBeenCalled();
    await follow(() => {
      section.show();
    });
    expect(numbers().length).toBe(4);
    expect(part(section.node, 'tbody tr').textContent).toContain('1 min 40 s');
  });

  it('sorts at a click, and keeps the order as cells end', async () => {
    await follow(() => {
      fake.receive(FEW);
    });
    expect(numbers()).toEqual(['3', '2', '1']);
    click(part(section.node, '[data-sort=rise]'));
    await follow();
    expect(numbers()).toEqual(['1', '2', '3']);
    await follow(() => {
      fake.receive(MANY.slice(0, 4));
    });
    expect(numbers()).toEqual(['1', '2', '3', '4']);
    click(part(section.node, '[data-sort=rise]'));
    await follow();
    expect(numbers()).toEqual(['4', '3', '2', '1']);
  });

  it('says that it shows 100 of 5,000 cells', async () => {
    fake.cellsEnded = 5000;
    await follow(() => {
      fake.receive(MANY);
    });
    expect(part(section.node, 'caption').textContent).toBe(
      '100 of 5,000 cells'
    );
  });

  it('keeps the cells of a process that ended apart', async () => {
    await follow(() => {
      fake.receive(MANY.slice(0, 2), running());
    });
    await follow(() => {
      fake.ledger.restart(300);
      fake.receive([ended({ executionCount: 1, startedS: 400 })]);
    });
    expect(numbers()).toEqual(['1', undefined, '2', '1']);
  });

  it('shows nothing without a kernel', async () => {
    vi.spyOn(fake, 'model', 'get').mockReturnValue(null);
    await follow(() => {
      fake.stateChanged.emit();
    });
    expect(section.node.textContent).toBe('');
  });

  it('stops listening when it is disposed', async () => {
    await follow(() => {
      fake.receive(FEW, running());
    });
    act(() => {
      section.dispose();
    });
    rendered.mockClear();
    await follow(() => {
      fake.receive([ended({ startedS: 500 })], running({ startedS: 501 }));
      fake.tick(600);
    });
    expect(rendered).not.toHaveBeenCalled();
  });
});

describe('the order of the cells', () => {
  class Store implements CellsSection.IState {
    constructor(public value: unknown) {}

    fetch = (): Promise<unknown> =>
      this.value instanceof Error
        ? Promise.reject(this.value)
        : Promise.resolve(this.value);

    save = (_id: string, value: unknown): Promise<unknown> => {
      this.value = value;
      return Promise.resolve();
    };
  }

  async function restore(stored: unknown): Promise<Store> {
    act(() => {
      section.dispose();
    });
    const store = new Store(stored);
    section = build(store);
    await follow(() => {
      fake.receive(FEW);
    });
    return store;
  }

  it('is restored', async () => {
    await restore({ key: 'time', isAscending: true });
    expect(numbers()).toEqual(['1', '2', '3']);
  });

  it.each([undefined, 'rise', { key: 'size', isAscending: true }])(
    'is latest first without one: %j',
    async stored => {
      await restore(stored);
      expect(numbers()).toEqual(['3', '2', '1']);
    }
  );

  it('is kept for the next session', async () => {
    const store = await restore(undefined);
    click(part(section.node, '[data-sort=kept]'));
    await follow();
    expect(store.value).toEqual({ key: 'kept', isAscending: false });
  });

  it('that cannot be read or kept is reported, and the click works', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const store = await restore(new Error('no state'));
    vi.spyOn(store, 'save').mockRejectedValue(new Error('full'));
    click(part(section.node, '[data-sort=time]'));
    await follow();
    expect(warn).toHaveBeenCalledTimes(2);
    expect(numbers()).toEqual(['1', '2', '3']);
  });
});
