import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Follower } from '../src/follow';
import { FakeKernel } from './fakes/kernel';
import { FakeNotebook, FakeShell, FakeTracker } from './fakes/widgets';

let shell: FakeShell;
let notebooks: FakeTracker;
let consoles: FakeTracker;
let follower: Follower;
let changes: number;

beforeEach(() => {
  shell = new FakeShell();
  notebooks = new FakeTracker();
  consoles = new FakeTracker();
  follower = new Follower({
    shell,
    trackers: [notebooks.tracker, consoles.tracker]
  });
  changes = 0;
  follower.changed.connect(() => {
    changes += 1;
  });
});

afterEach(() => {
  follower.dispose();
});

describe('Follower', () => {
  it('follows nothing at first', () => {
    expect([follower.widget, follower.kernel, follower.name]).toEqual([
      null,
      null,
      ''
    ]);
    expect(follower.isStarting).toBe(false);
  });

  it('follows the notebook that was open before it', () => {
    const notebook = new FakeNotebook('a.ipynb', new FakeKernel());
    notebooks.use(notebook);
    shell.use(notebook);
    const late = new Follower({ shell, trackers: [notebooks.tracker] });
    expect(late.name).toBe('a.ipynb');
    late.dispose();
  });

  it('follows from a notebook to a console and back', () => {
    const notebook = new FakeNotebook('a.ipynb', new FakeKernel());
    const console_ = new FakeNotebook('Console 1', new FakeKernel());
    const names: string[] = [];
    for (const [tracker, used] of [
      [notebooks, notebook],
      [consoles, console_],
      // The notebooks’ tracker is silent now: its current one has not changed.
      [notebooks, notebook]
    ] as const) {
      tracker.use(used);
      shell.use(used);
      names.push(follower.name);
    }
    expect(names).toEqual(['a.ipynb', 'Console 1', 'a.ipynb']);
  });

  it('keeps the last one while something else is in use', () => {
    const notebook = new FakeNotebook('a.ipynb', new FakeKernel());
    notebooks.use(notebook);
    shell.use(null);
    expect(follower.widget).toBe(notebook.widget);
  });

  it('signals a new kernel, a new name, a new status', () => {
    const notebook = new FakeNotebook('a.ipynb', new FakeKernel());
    notebooks.use(notebook);
    const before = changes;
    const kernel = new FakeKernel();
    notebook.sessionContext.changeKernel(kernel);
    notebook.sessionContext.name = 'b.ipynb';
    notebook.sessionContext.propertyChanged.emit();
    notebook.sessionContext.kernelDisplayStatus = 'starting';
    notebook.sessionContext.statusChanged.emit();
    expect(changes).toBe(before + 3);
    expect(follower.kernel).toBe(kernel);
    expect(follower.name).toBe('b.ipynb');
    expect(follower.isStarting).toBe(true);
  });

  it('switches to another one when the followed one is closed', () => {
    const closed = new FakeNotebook('a.ipynb', new FakeKernel());
    const other = new FakeNotebook('Console 1', new FakeKernel());
    consoles.use(other);
    notebooks.use(closed);
    notebooks.currentWidget = null;
    closed.dispose();
    expect(follower.name).toBe('Console 1');
    consoles.currentWidget = null;
    other.dispose();
    expect(follower.widget).toBeNull();
  });

  it('removes all listeners', () => {
    const notebook = new FakeNotebook('a.ipynb', new FakeKernel());
    notebooks.use(notebook);
    follower.dispose();
    changes = 0;
    notebook.sessionContext.changeKernel(null);
    notebooks.use(new FakeNotebook('b.ipynb', null));
    shell.use(notebook);
    expect(changes).toBe(0);
    expect(follower.widget).toBeNull();
  });
});
