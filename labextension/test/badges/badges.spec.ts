import { beforeEach, describe, expect, it } from 'vitest';

import { Badges } from '../../src/badges/badges';
import { ended, FakeSidebar, MEBIBYTE } from '../fakes/cells';
import { settle } from '../fakes/kernel';
import { FakeCell, FakeNotebooks, FakePanel } from '../fakes/notebooks';
import { trans } from '../fakes/trans';

let fake: FakeSidebar;
let first: FakeCell;
let second: FakeCell;
let panel: FakePanel;
let notebooks: FakeNotebooks;
let badges: Badges;

/** The record of a run that rose by 400 MiB and kept 10 MiB. */
function run(cellId: string, executionCount: number) {
  return ended({ cellId, executionCount, startedS: executionCount });
}

function build(): Badges {
  const { sidebar } = fake;
  return new Badges({ notebooks: notebooks.tracker, sidebar, trans });
}

function texts(): (string | null)[] {
  return panel.content.widgets.map(cell => cell.badge);
}

function use(shown: FakePanel | null): void {
  fake.follower.widget = shown;
  fake.stateChanged.emit();
}

beforeEach(() => {
  fake = new FakeSidebar();
  first = new FakeCell('first', 1);
  second = new FakeCell('second', 2);
  panel = new FakePanel([first, second]);
  notebooks = new FakeNotebooks([panel]);
  badges = build();
  use(panel);
});

const TEXT = '+400.0 MiB, kept +10.0 MiB';

describe('a badge', () => {
  it('shows rise and kept of the last run of its cell', async () => {
    fake.receive([run('first', 1)]);
    await settle();
    expect(texts()).toEqual([TEXT, null]);
  });

  it('says if the rise was sampled', async () => {
    fake.receive([{ ...run('first', 1), exact: false }]);
    await settle();
    expect(first.badge).toBe('+400.0 MiB sampled, kept +10.0 MiB');
  });

  it.each([
    [2 * MEBIBYTE, 0, '+2.0 MiB, kept 0 B'],
    [MEBIBYTE, -MEBIBYTE, '+1.0 MiB, kept -1.0 MiB'],
    [0, -MEBIBYTE, '0 B, kept -1.0 MiB'],
    [MEBIBYTE - 1, MEBIBYTE - 1, null],
    [0, 1 - MEBIBYTE, null]
  ])('for %i and %i bytes is %j', async (rise, kept, text) => {
    const beforeBytes = 80 * MEBIBYTE;
    fake.receive([
      {
        ...run('first', 1),
        peakBytes: beforeBytes + rise,
        afterBytes: beforeBytes + kept
      }
    ]);
    await settle();
    expect(first.badge).toBe(text);
  });

  it('goes when the cell is cleared', async () => {
    fake.receive([run('first', 1)]);
    await settle();
    first.count(null);
    expect(first.badge).toBeNull();
  });

  it('goes when the cell runs again, and returns with its end', async () => {
    fake.receive([run('first', 1)]);
    await settle();
    first.count(null);
    first.count(3);
    expect(first.badge).toBeNull();
    fake.receive([{ ...run('first', 3), peakBytes: 90 * MEBIBYTE }]);
    expect(first.badge).toBe('+10.0 MiB, kept +10.0 MiB');
    expect(first.node.querySelectorAll('.jp-Memkit-badge').length).toBe(1);
  });

  it('is not shown for a run with another number, or without one', async () => {
    second.count(null);
    fake.receive([
      run('first', 5),
      { ...run('second', 6), executionCount: null }
    ]);
    await settle();
    expect(texts()).toEqual([null, null]);
  });

  it('is not shown for a cell that is not code', async () => {
    const text = new FakeCell('first', 1, 'markdown');
    panel.edit([text]);
    fake.receive([run('first', 1)]);
    await settle();
    expect(text.badge).toBeNull();
  });

  it('waits until its cell is rendered', async () => {
    const far = new FakeCell('far', 3, 'code', false);
    panel.edit([first, far]);
    fake.receive([run('far', 3)]);
    await settle();
    expect(far.badge).toBeNull();
    far.scrollIntoView();
    await settle();
    expect(far.badge).toBe(TEXT);
  });

  it('stays while its cell is out of view', async () => {
    fake.receive([run('first', 1)]);
    await settle();
    first.scrollOutOfView();
    first.scrollIntoView();
    expect(first.badge).toBe(TEXT);
  });

  it('is there when a cell that ended out of view is back', async () => {
    first.scrollOutOfView();
    fake.receive([run('first', 1)]);
    await settle();
    first.scrollIntoView();
    expect(first.badge).toBe(TEXT);
  });
});

describe('the badges', () => {
  it('stay beyond the cells that the panel lists', async () => {
    fake.receive([run('first', 1), run('second', 2)]);
    fake.receive(
      Array.from({ length: 200 }, (_, index) => run('other', 10 + index))
    );
    await settle();
    expect(fake.ledger.cells.length).toBe(100);
    expect(texts()).toEqual([TEXT, TEXT]);
  });

  it('follow a cell that is moved, pasted or deleted', async () => {
    fake.receive([run('first', 1), run('second', 2)]);
    await settle();
    // JupyterLab moves a cell by making another.
    const moved = new FakeCell('first', 1);
    panel.edit([second, moved]);
    await settle();
    expect(texts()).toEqual([TEXT, TEXT]);
    expect(first.badge).toBeNull();
    panel.edit([moved]);
    await settle();
    expect(texts()).toEqual([TEXT]);
  });

  it('are arranged once for any number of new cells', async () => {
    fake.receive([run('first', 1)]);
    let reads = 0;
    const cells = Array.from({ length: 100 }, (_, index) => {
      const cell = new FakeCell(String(index));
      const { model } = cell;
      Object.defineProperty(cell, 'model', {
        get: () => {
          reads += 1;
          return model;
        }
      });
      return cell;
    });
    for (let count = 1; count <= cells.length; count += 1) {
      panel.edit(cells.slice(0, count));
    }
    await settle();
    expect(reads).toBe(100);
  });

  it('appear when the notebook has its content', async () => {
    const late = new FakePanel([]);
    const { model } = late.content;
    late.content.model = null;
    notebooks.open(late);
    use(late);
    fake.receive([run('first', 1)]);
    late.content.model = model;
    late.content.widgets.push(new FakeCell('first', 1));
    late.content.modelChanged.emit();
    await settle();
    expect(late.content.widgets.map(cell => cell.badge)).toEqual([TEXT]);
  });

  it('go when the kernel restarts', async () => {
    fake.receive([run('first', 1)]);
    await settle();
    fake.ledger.restart(50);
    fake.stateChanged.emit();
    await settle();
    expect(texts()).toEqual([null, null]);
    // The numbers begin at 1 again.
    fake.receive([{ ...run('second', 2), startedS: 60 }]);
    await settle();
    expect(texts()).toEqual([null, TEXT]);
  });

  it.each(['restarting', 'autorestarting', 'dead'] as const)(
    'go when the kernel is %s, also before the sidebar knows',
    async status => {
      fake.receive([run('first', 1)]);
      await settle();
      panel.sessionContext.statusChanged.emit(status);
      fake.stateChanged.emit();
      await settle();
      expect(texts()).toEqual([null, null]);
    }
  );

  it('stay while the kernel is busy', async () => {
    fake.receive([run('first', 1)]);
    await settle();
    panel.sessionContext.statusChanged.emit('busy');
    expect(first.badge).toBe(TEXT);
  });

  it('go when the notebook gets another kernel', async () => {
    fake.receive([run('first', 1)]);
    await settle();
    panel.sessionContext.kernelChanged.emit();
    expect(texts()).toEqual([null, null]);
  });

  it('stay while another notebook or a console is in front', async () => {
    fake.receive([run('first', 1)]);
    await settle();
    // A copy: its cells have the same ids and numbers.
    const copy = new FakePanel([new FakeCell('first', 1)]);
    const { ledger } = fake;
    notebooks.open(copy);
    fake.ledger = new FakeSidebar().ledger;
    use(copy);
    fake.receive([{ ...run('first', 1), peakBytes: 90 * MEBIBYTE }]);
    await settle();
    expect(first.badge).toBe(TEXT);
    expect(copy.content.widgets.map(cell => cell.badge)).toEqual([
      '+10.0 MiB, kept +10.0 MiB'
    ]);
    use(new FakePanel([]));
    use(null);
    expect(first.badge).toBe(TEXT);
    fake.ledger = ledger;
    use(panel);
    expect(first.badge).toBe(TEXT);
  });

  it('of a notebook in the background go with its kernel', async () => {
    fake.receive([run('first', 1)]);
    await settle();
    use(null);
    panel.sessionContext.statusChanged.emit('autorestarting');
    expect(texts()).toEqual([null, null]);
  });

  it('show what the sidebar knows as soon as they are switched on', async () => {
    badges.dispose();
    fake.receive([run('first', 1)]);
    badges = build();
    await settle();
    expect(first.badge).toBe(TEXT);
  });
});

describe('Badges#dispose', () => {
  it('leaves nothing in the page, and nothing that listens', async () => {
    const far = new FakeCell('far', 3, 'code', false);
    panel.edit([first, second, far]);
    fake.receive([run('first', 1), run('far', 3)]);
    await settle();
    badges.dispose();
    badges.dispose();
    expect(badges.isDisposed).toBe(true);
    expect(first.node.querySelector('.jp-Cell-inputWrapper')?.innerHTML).toBe(
      ''
    );
    far.scrollIntoView();
    panel.edit([first]);
    notebooks.open(new FakePanel([]));
    panel.sessionContext.kernelChanged.emit();
    first.count(1);
    fake.receive([run('second', 2)]);
    await settle();
    expect([first, second, far].map(cell => cell.badge)).toEqual([
      null,
      null,
      null
    ]);
  });

  it('comes with the end of a notebook for its badges', async () => {
    fake.receive([run('first', 1)]);
    await settle();
    panel.disposed.emit();
    expect(first.badge).toBeNull();
    fake.receive([run('second', 2)]);
    await settle();
    expect(second.badge).toBeNull();
  });
});
