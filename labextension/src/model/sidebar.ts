import type { Kernel } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Follower } from '../follow';
import type { IAlarm } from './alarm';
import { Alarm } from './alarm';
import { MemoryModel } from './memory';
import type { IKernelServer } from '../server/kernels';
import type { ChannelStatus } from '../wire/status';

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
   * Emitted while times are shown that advance.
   */
  get ticked(): ISignal<this, void> {
    return this._ticked;
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
   * Load the extension automatically into kernels that have not loaded it, also into
   * the one in use.
   */
  get isAutoloading(): boolean {
    return this._isAutoloading;
  }
  set isAutoloading(isAutoloading: boolean) {
    const isNew = isAutoloading && !this._isAutoloading;
    this._isAutoloading = isAutoloading;
    if (isNew) {
      this._model?.probeAgain();
    }
  }

  /**
   * The share of the limit at which the sidebar warns.
   */
  get threshold(): number {
    return this._threshold;
  }
  set threshold(threshold: number) {
    this._threshold = threshold;
    this._onModelChanged();
  }

  /**
   * The warning that memory is close to the limit, `null` if it is not.
   */
  get alarm(): IAlarm | null {
    return (this._model && this._alarms.get(this._model)?.current) ?? null;
  }

  /**
   * Whether something that the user asked for waits for the running cell.
   */
  get isWaiting(): boolean {
    return this._waiting > 0 && (this._model?.isBusy ?? false);
  }

  /**
   * Do something in the kernel, which waits for the running cell.
   */
  async wait(work: Promise<void>): Promise<void> {
    this._waiting += 1;
    this._stateChanged.emit();
    try {
      await work;
    } finally {
      this._waiting -= 1;
      this._stateChanged.emit();
    }
  }

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
   * Whether anything shows the memory, so that the kernel is followed.
   */
  get isActive(): boolean {
    return this._users.size > 0;
  }

  /**
   * Note that a part of the page shows the memory, or no longer.
   */
  setActive(user: Sidebar.User, isActive: boolean): void {
    if (isActive) {
      this._users.add(user);
    } else {
      this._users.delete(user);
    }
    if (this._model) {
      this._applyUsers(this._model);
    }
  }

  /**
   * Whether there is a kernel with the extension.
   */
  get isKernelKnown(): boolean {
    return this.status.kind === 'live';
  }

  /**
   * Follows the notebook or console in use.
   */
  get follower(): Follower {
    return this._options.follower;
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
    this._options.follower.dispose();
    Signal.clearData(this);
  }

  private _update(): void {
    const kernel = this._options.follower.kernel;
    const model = kernel && !kernel.isDisposed ? this._modelOf(kernel) : null;
    if (model !== this._model) {
      this._model?.stateChanged.disconnect(this._onModelChanged, this);
      this._model?.ticked.disconnect(this._onModelTicked, this);
      if (this._model) {
        this._model.isActive = false;
      }
      this._model = model;
      if (model) {
        this._applyUsers(model);
      }
      model?.stateChanged.connect(this._onModelChanged, this);
      model?.ticked.connect(this._onModelTicked, this);
    }
    this._stateChanged.emit();
  }

  private _applyUsers(model: MemoryModel): void {
    model.isProbing = this._users.has('panel');
    model.inspection.variables.isOpen = this._users.has('variables');
    model.inspection.hints.isOpen = this._users.has('hints');
    model.inspection.libraries.isOpen = this._users.has('libraries');
    model.isActive = this.isActive;
  }

  private _modelOf(kernel: Kernel.IKernelConnection): MemoryModel {
    const known = this._models.get(kernel);
    if (known) {
      return known;
    }
    const model = new MemoryModel({
      kernel,
      server: this._options.server,
      isAutoloading: () => this.isAutoloading
    });
    this._models.set(kernel, model);
    this._alarms.set(model, new Alarm(() => this.threshold));
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
    this._updateAlarm();
    this._stateChanged.emit();
  }

  private _onModelTicked(): void {
    // The time until the limit is reached ends with the cell.
    this._updateAlarm();
    this._ticked.emit();
  }

  private _updateAlarm(): void {
    if (this._model) {
      const { reading, secondsToFull } = this._model;
      this._alarms.get(this._model)?.update(reading, secondsToFull);
    }
  }

  private readonly _options: Sidebar.IOptions;
  private readonly _models = new Map<Kernel.IKernelConnection, MemoryModel>();
  private readonly _stateChanged = new Signal<this, void>(this);
  private readonly _alarms = new WeakMap<MemoryModel, Alarm>();
  private _threshold = 0.85;
  private _isAutoloading = false;
  private _waiting = 0;
  private readonly _ticked = new Signal<this, void>(this);
  private _model: MemoryModel | null = null;
  private _rangeS: number | null = 300;
  private readonly _users = new Set<Sidebar.User>();
  private _isDisposed = false;
}

export namespace Sidebar {
  /**
   * A part of the page that shows the memory.
   */
  export type User =
    'panel' | 'status' | 'warnings' | 'variables' | 'hints' | 'libraries';

  export interface IOptions {
    follower: Follower;
    server: IKernelServer;
  }
}
