import type { ISessionContext, IWidgetTracker } from '@jupyterlab/apputils';
import { Signal } from '@lumino/signaling';

import type { ISessionWidget } from '../../src/follow';
import type { FakeKernel } from './kernel';

/**
 * A notebook as far as the sidebar sees one.
 */
export class FakeNotebook {
  constructor(name: string, kernel: FakeKernel | null) {
    this.sessionContext = new FakeSessionContext(name, kernel);
  }

  readonly sessionContext: FakeSessionContext;
  readonly disposed = new Signal<this, void>(this);
  isDisposed = false;

  /** As the type that the sidebar asks for; the rest of it is never used. */
  get widget(): ISessionWidget {
    return this as unknown as ISessionWidget;
  }

  dispose(): void {
    this.isDisposed = true;
    this.disposed.emit();
  }
}

export class FakeSessionContext {
  constructor(
    public name: string,
    public kernel: FakeKernel | null
  ) {}

  readonly kernelChanged = new Signal<this, void>(this);
  readonly propertyChanged = new Signal<this, void>(this);
  readonly statusChanged = new Signal<this, void>(this);
  kernelDisplayStatus: ISessionContext.KernelDisplayStatus = 'unknown';

  get session(): { kernel: FakeKernel | null } {
    return { kernel: this.kernel };
  }

  changeKernel(kernel: FakeKernel | null): void {
    this.kernel = kernel;
    this.kernelChanged.emit();
  }
}

/**
 * A tracker of notebooks.
 */
export class FakeTracker {
  readonly currentChanged = new Signal<this, ISessionWidget | null>(this);
  readonly widgets: ISessionWidget[] = [];
  currentWidget: ISessionWidget | null = null;

  get tracker(): IWidgetTracker<ISessionWidget> {
    return this as unknown as IWidgetTracker<ISessionWidget>;
  }

  find(
    matches: (widget: ISessionWidget) => boolean
  ): ISessionWidget | undefined {
    return this.widgets.find(matches);
  }

  /** Bring a notebook into use, as a click on its tab does. */
  use({ widget }: FakeNotebook): void {
    if (!this.widgets.includes(widget)) {
      this.widgets.push(widget);
    }
    if (this.currentWidget !== widget) {
      this.currentWidget = widget;
      this.currentChanged.emit(widget);
    }
  }
}

export class FakeShell {
  readonly currentChanged = new Signal<this, void>(this);
  currentWidget: ISessionWidget | null = null;

  use(notebook: FakeNotebook | null): void {
    this.currentWidget = notebook?.widget ?? null;
    this.currentChanged.emit();
  }
}
