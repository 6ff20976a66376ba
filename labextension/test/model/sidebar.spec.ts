import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Follower } from '../../src/follow';
import { Sidebar } from '../../src/model/sidebar';
import { golden } from '../fakes/golden';
import { FakeKernel, settle } from '../fakes/kernel';
import { FakeNotebook, FakeShell, FakeTracker } from '../fakes/widgets';

let notebooks: FakeTracker;
let follower: Follower;
let sidebar: Sidebar;

beforeEach(() => {
  notebooks = new FakeTracker();
  follower = new Follower({
    shell: new FakeShell(),
    trackers: [notebooks.tracker]
  });
  sidebar = new Sidebar({ follower, read: () => Promise.resolve(null) });
});

afterEach(() => {
  sidebar.dispose();
  follower.dispose();
});

describe('Sidebar#status', () => {
  it('is "no-session" with nothing open', () => {
    expect(sidebar.status).toEqual({ kind: 'no-session' });
  });

  it('is "no-kernel" for a notebook without, "connecting" while one starts', () => {
    const notebook = new FakeNotebook('a.ipynb', null);
    notebooks.use(notebook);
    expect(sidebar.status).toEqual({ kind: 'no-kernel' });
    notebook.sessionContext.kernelDisplayStatus = 'initializing';
    expect(sidebar.status).toEqual({ kind: 'connecting' });
  });

  it('is that of the channel for a kernel', async () => {
    const kernel = new FakeKernel();
    kernel.language = 'R';
    sidebar.isActive = true;
    notebooks.use(new FakeNotebook('a.ipynb', kernel));
    await settle();
    expect(sidebar.status).toEqual({ kind: 'unsupported', language: 'r' });
  });
});

describe('Sidebar#isActive', () => {
  it('activates the model of the kernel in use', async () => {
    const kernel = new FakeKernel();
    notebooks.use(new FakeNotebook('a.ipynb', kernel));
    await settle();
    expect(kernel.requests).toEqual([]);
    sidebar.isActive = true;
    await settle();
    kernel.lastRequest.reply(golden('snapshot'));
    sidebar.isActive = false;
    expect(kernel.requestTypes).toEqual(['subscribe', 'unsubscribe']);
  });

  it('moves from one kernel to the next', async () => {
    const [first, second] = [new FakeKernel(), new FakeKernel()];
    sidebar.isActive = true;
    notebooks.use(new FakeNotebook('a.ipynb', first));
    await settle();
    first.lastRequest.reply(golden('snapshot'));
    notebooks.use(new FakeNotebook('b.ipynb', second));
    await settle();
    expect(first.requestTypes).toEqual(['subscribe', 'unsubscribe']);
    expect(second.requestTypes).toEqual(['subscribe']);
  });
});

describe('Sidebar#model', () => {
  it('is kept with its history for when its notebook is used again', async () => {
    const notebook = new FakeNotebook('a.ipynb', new FakeKernel());
    sidebar.isActive = true;
    notebooks.use(notebook);
    await settle();
    notebook.sessionContext.kernel?.lastRequest.reply(golden('snapshot'));
    const model = sidebar.model;
    notebooks.use(new FakeNotebook('b.ipynb', new FakeKernel()));
    expect(sidebar.model).not.toBe(model);
    notebooks.use(notebook);
    expect(sidebar.model).toBe(model);
    expect(model?.timeline.length).toBe(3);
  });

  it('is dropped with its kernel', () => {
    const kernel = new FakeKernel();
    notebooks.use(new FakeNotebook('a.ipynb', kernel));
    const model = sidebar.model;
    kernel.isDisposed = true;
    kernel.disposed.emit();
    expect(model?.isDisposed).toBe(true);
    expect(sidebar.status).toEqual({ kind: 'no-kernel' });
  });
});

describe('Sidebar#stateChanged', () => {
  it('signals a new range once', () => {
    let changes = 0;
    sidebar.stateChanged.connect(() => {
      changes += 1;
    });
    sidebar.rangeS = 60;
    sidebar.rangeS = 60;
    expect(changes).toBe(1);
  });

  it('is silent after disposal', () => {
    const notebook = new FakeNotebook('a.ipynb', new FakeKernel());
    notebooks.use(notebook);
    let changes = 0;
    sidebar.stateChanged.connect(() => {
      changes += 1;
    });
    const model = sidebar.model;
    sidebar.dispose();
    notebook.sessionContext.changeKernel(null);
    expect(changes).toBe(0);
    expect(model?.isDisposed).toBe(true);
  });
});
