import type { Kernel } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Follower } from './follow';
import { MemoryModel } from './model';
import type { KernelReader } from './server';
import type { ChannelStatus } from './status';

/**
 * The state of the sidebar: the kernel that it shows, and its options.
 *
 * The model of each kernel is kept, and so is its history while another
 * notebook is in use.
 */
export class Sidebar implements IDisposable {
  constructor(options: Sidebar.IOptions) {
    this._options = options;
    options.follower.changed.connect(this._update, this);
    this._update();
  }

  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  /**
   * The name of the notebook or console.
   */
  get name(): string {
    return this._options.follower.name;
  }

  /**
   * The memory of the kernel in use.
   */
  get model(): MemoryModel | null {
    return this._model;
  }

  get status(): ChannelStatus {
    const { follower } = this._options;
    if (!follower.widget) {
      return { kind: 'no-session' };
    }
    if (this._model) {
      return this._model.status;
    }
    return { kind: follower.isStarting ? 'connecting' : 'no-kernel' };
  }

  /**
   * Load the extension automatically into kernels that have not loaded it.
   */
  isAutoloading = false;

  /**
   * The range of the chart, `null` for everything.
   */
  get rangeS(): number | null {
    return this._rangeS;
  }
  set rangeS(rangeS: number | null) {
    if (rangeS !== this._rangeS) {
      this._rangeS = rangeS;
      this._stateChanged.emit();
    }
  }

  /**
   * Whether the sidebar is visible.
   */
  get isActive(): boolean {
    return this._isActive;
  }
  set isActive(isActive: boolean) {
    this._isActive = isActive;
    if (this._model) {
      this._model.isActive = isActive;
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._options.follower.changed.disconnect(this._update, this);
    for (const [kernel, model] of this._models) {
      kernel.disposed.disconnect(this._onKernelDisposed, this);
      model.dispose();
    }
    this._models.clear();
    Signal.clearData(this);
  }

  private _update(): void {
    const kernel = this._options.follower.kernel;
    const model = kernel && !kernel.isDisposed ? this._modelOf(kernel) : null;
    if (model !== this._model) {
      this._model?.stateChanged.disconnect(this._onModelChanged, this);
      if (this._model) {
        this._model.isActive = false;
      }
      this._model = model;
      if (model) {
        model.isActive = this._isActive;
      }
      model?.stateChanged.connect(this._onModelChanged, this);
    }
    this._stateChanged.emit();
  }

  private _modelOf(kernel: Kernel.IKernelConnection): MemoryModel {
    const known = this._models.get(kernel);
    if (known) {
      return known;
    }
    const model = new MemoryModel({
      kernel,
      read: this._options.read,
      isAutoloading: () => this.isAutoloading
    });
    this._models.set(kernel, model);
    kernel.disposed.connect(this._onKernelDisposed, this);
    return model;
  }

  private _onKernelDisposed(kernel: Kernel.IKernelConnection): void {
    kernel.disposed.disconnect(this._onKernelDisposed, this);
    this._models.get(kernel)?.dispose();
    this._models.delete(kernel);
    this._update();
  }

  private _onModelChanged(): void {
    this._stateChanged.emit();
  }

  private readonly _options: Sidebar.IOptions;
  private readonly _models = new Map<Kernel.IKernelConnection, MemoryModel>();
  private readonly _stateChanged = new Signal<this, void>(this);
  private _model: MemoryModel | null = null;
  private _rangeS: number | null = 300;
  private _isActive = false;
  private _isDisposed = false;
}

export namespace Sidebar {
  export interface IOptions {
    follower: Follower;
    read: KernelReader;
  }
}
