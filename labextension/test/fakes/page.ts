import { Follower } from '../../src/follow';
import { Sidebar } from '../../src/model/sidebar';
import { golden } from './golden';
import type { Changes } from './golden';
import { FakeKernel, settle } from './kernel';
import { FakeServer } from './server';
import { FakeNotebook, FakeShell, FakeTracker } from './widgets';

// The time of the last reading in the golden snapshot.
const SNAPSHOT_S = 1790000010.5;

/**
 * JupyterLab with its notebooks, and the sidebar that follows them.
 */
export class FakePage {
  readonly shell = new FakeShell();
  readonly notebooks = new FakeTracker();
  readonly server = new FakeServer();
  readonly follower = new Follower({
    shell: this.shell,
    trackers: [this.notebooks.tracker]
  });
  readonly sidebar = new Sidebar({
    follower: this.follower,
    server: this.server
  });

  open(kernel: FakeKernel | null, name = 'a.ipynb'): FakeNotebook {
    const notebook = new FakeNotebook(name, kernel);
    this.notebooks.use(notebook);
    return notebook;
  }

  /**
   * Open a notebook whose kernel answers; something has to show the memory.
   */
  async openLive(changes: Changes = {}, name = 'a.ipynb'): Promise<FakeKernel> {
    const kernel = new FakeKernel();
    kernel.aheadS = SNAPSHOT_S - Date.now() / 1000;
    this.open(kernel, name);
    await settle();
    kernel.lastRequest.reply(golden('snapshot', changes));
    return kernel;
  }

  dispose(): void {
    this.sidebar.dispose();
  }
}
