import type { ISessionContext, IWidgetTracker } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

/**
 * A notebook or a console.
 */
export interface ISessionWidget extends Widget {
  readonly sessionContext: ISessionContext;
}

/**
 * The part of a shell that reports which widget is in use.
 */
export interface IShell {
  readonly currentWidget: Widget | null;
  readonly currentChanged?: ISignal<unknown, unknown>;
}

/**
 * Follows the notebook or console in use, and its kernel.
 *
 * While a text file or a terminal is in use, the last one is kept.
 */
export class Follower implements IDisposable {
  constructor(options: Follower.IOptions) {
    this._shell = options.shell;
    this._trackers = options.trackers;
    for (const tracker of this._trackers) {
      tracker.currentChanged.connect(this._onTrackerChanged, this);
    }
    // A tracker emits no signal when its current widget is used again.
    this._shell.currentChanged?.connect(this._onShellChanged, this);
    this._onShellChanged();
  }

  /**
   * Emitted when the widget, its name, its kernel or the starting state
   * changes.
   */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get widget(): ISessionWidget | null {
    return this._widget;
  }

  get kernel(): Kernel.IKernelConnection | null {
    return this._widget?.sessionContext.session?.kernel ?? null;
  }

  /**
   * Whether a kernel is starting.
   */
  get isStarting(): boolean {
    const status = this._widget?.sessionContext.kernelDisplayStatus;
    return status === 'initializing' || status === 'starting';
  }

  get name(): string {
    return this._widget?.sessionContext.name ?? '';
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._shell.currentChanged?.disconnect(this._onShellChanged, this);
    for (const tracker of this._trackers) {
      tracker.currentChanged.disconnect(this._onTrackerChanged, this);
    }
    this._follow(null);
    Signal.clearData(this);
  }

  private _onShellChanged(): void {
    const current = this._shell.currentWidget;
    for (const tracker of this._trackers) {
      const widget = tracker.find(candidate => candidate === current);
      if (widget) {
        this._follow(widget);
      }
    }
  }

  private _onTrackerChanged(
    _tracker: IWidgetTracker<ISessionWidget>,
    widget: ISessionWidget | null
  ): void {
    if (widget) {
      this._follow(widget);
    }
  }

  private _follow(widget: ISessionWidget | null): void {
    if (widget === this._widget) {
      return;
    }
    const left = this._widget?.sessionContext;
    left?.kernelChanged.disconnect(this._onSessionChanged, this);
    left?.propertyChanged.disconnect(this._onSessionChanged, this);
    left?.statusChanged.disconnect(this._onSessionChanged, this);
    this._widget?.disposed.disconnect(this._onWidgetDisposed, this);
    this._widget = widget;
    const entered = widget?.sessionContext;
    entered?.kernelChanged.connect(this._onSessionChanged, this);
    entered?.propertyChanged.connect(this._onSessionChanged, this);
    entered?.statusChanged.connect(this._onSessionChanged, this);
    widget?.disposed.connect(this._onWidgetDisposed, this);
    this._changed.emit();
  }

  private _onSessionChanged(): void {
    this._changed.emit();
  }

  private _onWidgetDisposed(): void {
    const others = this._trackers.map(tracker => tracker.currentWidget);
    this._follow(
      others.find(other => other !== null && !other.isDisposed) ?? null
    );
  }

  private readonly _shell: IShell;
  private readonly _trackers: readonly IWidgetTracker<ISessionWidget>[];
  private readonly _changed = new Signal<this, void>(this);
  private _widget: ISessionWidget | null = null;
  private _isDisposed = false;
}

export namespace Follower {
  export interface IOptions {
    shell: IShell;
    trackers: readonly IWidgetTracker<ISessionWidget>[];
  }
}
