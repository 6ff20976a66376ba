import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

/**
 * A cell of a notebook, rendered at once or when it comes into view.
 */
export class FakeCell {
  constructor(
    id: string,
    executionCount: number | null = null,
    readonly type: 'code' | 'markdown' = 'code',
    isRendered = true
  ) {
    const stateChanged = new Signal<object, void>({});
    this.model = { id, type, stateChanged, executionCount };
    this.ready = new Promise(resolve => {
      this._resolve = resolve;
    });
    if (isRendered) {
      this.scrollIntoView();
    }
  }

  readonly node = document.createElement('div');
  readonly layout: Widget[] = [];
  readonly ready: Promise<void>;
  readonly model: {
    id: string;
    type: string;
    stateChanged: Signal<object, void>;
    executionCount: number | null;
  };
  isDisposed = false;

  /** As JupyterLab, render the input when it is first in view, and attach it. */
  scrollIntoView(): void {
    if (this.layout.length === 0) {
      const wrapper = new Widget();
      wrapper.addClass('jp-Cell-inputWrapper');
      this.layout.push(wrapper);
      this._resolve();
    }
    this.layout.forEach(({ node }) => {
      this.node.append(node);
    });
  }

  /** As JupyterLab, keep the input, but detached. */
  scrollOutOfView(): void {
    this.layout.forEach(({ node }) => {
      node.remove();
    });
  }

  /** The number beside the cell changes: it runs or is cleared. */
  count(executionCount: number | null): void {
    this.model.executionCount = executionCount;
    this.model.stateChanged.emit();
  }

  dispose(): void {
    this.isDisposed = true;
  }

  /** What a user reads beside the cell. */
  get badge(): string | null {
    const node = this.node.querySelector<HTMLElement>(
      '.jp-Cell-inputWrapper > .jp-Memkit-badge'
    );
    return node && !node.hidden ? node.textContent : null;
  }

  private _resolve: () => void = () => undefined;
}

/**
 * A notebook as far as the badges see one.
 */
export class FakePanel {
  constructor(widgets: FakeCell[]) {
    this.content.widgets.push(...widgets);
  }

  readonly sessionContext = {
    kernelChanged: new Signal<object, void>({}),
    statusChanged: new Signal<object, string>({})
  };
  readonly disposed = new Signal<this, void>(this);
  readonly content = new FakeNotebookContent();

  /** As the type that is asked for; the rest of it is never used. */
  get panel(): NotebookPanel {
    return this as unknown as NotebookPanel;
  }

  /** Change the list of cells, as a user does by editing the notebook. */
  edit(widgets: FakeCell[]): void {
    const { content } = this;
    content.widgets
      .filter(cell => !widgets.includes(cell))
      .forEach(cell => {
        cell.dispose();
      });
    content.widgets.splice(0, content.widgets.length, ...widgets);
    content.model?.cells.changed.emit();
  }
}

class FakeNotebookContent {
  readonly widgets: FakeCell[] = [];
  readonly modelChanged = new Signal<this, void>(this);
  model: { cells: { changed: Signal<object, void> } } | null = {
    cells: { changed: new Signal<object, void>({}) }
  };
}

/**
 * The notebooks that are open.
 */
export class FakeNotebooks {
  constructor(readonly panels: FakePanel[] = []) {}

  readonly widgetAdded = new Signal<this, FakePanel>(this);

  get tracker(): INotebookTracker {
    return this as unknown as INotebookTracker;
  }

  forEach(work: (panel: FakePanel) => void): void {
    this.panels.forEach(work);
  }

  open(panel: FakePanel): void {
    this.panels.push(panel);
    this.widgetAdded.emit(panel);
  }
}
