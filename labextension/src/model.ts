import type { Kernel } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IReceived } from './channel';
import { KernelChannel } from './channel';
import { Clock } from './clock';
import {
  convertActivity,
  convertCell,
  convertPresent,
  convertRunningCell
} from './convert';
import { ServerOverlay } from './overlay';
import type {
  Activity,
  Cell,
  Present,
  RunningCell,
  SampleColumns,
  ServerReading
} from './protocol';
import type {
  IActivity,
  ICell,
  ILimit,
  IPresent,
  IReading,
  IRunningCell
} from './records';
import type { KernelReader } from './server';
import type { ChannelStatus } from './status';
import { Timeline } from './timeline';

const CELLS_MAX = 100;
const TICK_MS = 250;
const IDLE_TICK_S = 1;
const STALE_AFTER_S = 3;

/**
 * The memory of one kernel, as shown in the sidebar.
 *
 * Its data is kept while it is hidden; unless `isActive`, it requests nothing
 * from the kernel, the server or the page.
 */
export class MemoryModel implements IDisposable {
  constructor(options: MemoryModel.IOptions) {
    this._options = options;
    this._clock = options.clock ?? new Clock();
    this._overlay = new ServerOverlay({
      read: options.read,
      kernelId: options.kernel.id,
      onReading: reading => {
        this._addOutsideReading(reading);
      }
    });
    options.kernel.statusChanged.connect(this._onKernelStatus, this);
  }

  /**
   * Emitted when anything here changes, and while times are shown that advance.
   */
  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  get status(): ChannelStatus {
    return this._channel?.status ?? { kind: 'connecting' };
  }

  get timeline(): Timeline {
    return this._timeline;
  }

  get reading(): IReading | null {
    return this._reading;
  }

  /**
   * The last report on the kernel's child processes, swap and GPUs.
   */
  get present(): IPresent | null {
    return this._present;
  }

  get limit(): ILimit | null {
    return this._limit;
  }

  /**
   * The cells that have ended, oldest first.
   */
  get cells(): readonly ICell[] {
    return this._cells;
  }

  get running(): IRunningCell | null {
    return this._running;
  }

  /**
   * The last report on the progress of running work.
   */
  get activity(): IActivity | null {
    return this._activity;
  }

  get isBusy(): boolean {
    return this._running !== null || (this._channel?.isExecuting ?? false);
  }

  /**
   * The time on the kernel's clock.
   */
  get nowS(): number {
    return this._clock.nowS;
  }

  /**
   * The time since which the reading may be outdated, `null` if it is current.
   *
   * The memory of an idle kernel does not change, so its last reading is
   * current.
   */
  get staleSinceS(): number | null {
    const lastS = this._reading?.tS ?? null;
    if (lastS === null || this.status.kind === 'lost') {
      return lastS;
    }
    return this.isBusy && this.nowS - lastS > STALE_AFTER_S ? lastS : null;
  }

  /**
   * Whether the sidebar is visible.
   */
  get isActive(): boolean {
    return this._channel !== null;
  }
  set isActive(isActive: boolean) {
    if (isActive === this.isActive || this._isDisposed) {
      return;
    }
    if (isActive) {
      this._activate();
    } else {
      this._deactivate();
    }
    this._stateChanged.emit();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Load the extension into the kernel.
   */
  async load(): Promise<void> {
    await this._channel?.load();
  }

  /**
   * Restore a lost connection.
   */
  async reconnect(): Promise<void> {
    await this._options.kernel.reconnect();
    this._channel?.connect();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this.isActive = false;
    this._isDisposed = true;
    this._options.kernel.statusChanged.disconnect(this._onKernelStatus, this);
    Signal.clearData(this);
  }

  private _activate(): void {
    const { kernel, isAutoloading } = this._options;
    this._channel = new KernelChannel({
      kernel,
      isAutoloading,
      sinceS: () => this._kernelS
    });
    this._channel.received.connect(this._onReceived, this);
    this._channel.statusChanged.connect(this._onStatus, this);
    this._channel.connect();
    this._ticker = setInterval(() => {
      this._tick();
    }, TICK_MS);
  }

  private _deactivate(): void {
    clearInterval(this._ticker);
    this._channel?.dispose();
    this._channel = null;
    // The running cell may have ended by the time the sidebar is opened again.
    this._running = null;
    this._activity = null;
  }

  /**
   * Do what is due: read from outside, renew, and redraw.
   */
  private _tick(): void {
    if (document.hidden) {
      return;
    }
    const nowS = Date.now() / 1000;
    this._channel?.renew();
    this._overlay.update(
      {
        status: this.status,
        isExecuting: this.isBusy,
        silentForS: nowS - this._heardS
      },
      nowS
    );
    if (this.isBusy || nowS - this._emittedS >= IDLE_TICK_S) {
      this._emittedS = nowS;
      this._stateChanged.emit();
    }
  }

  private _onStatus(): void {
    this._stateChanged.emit();
  }

  private _onKernelStatus(
    _kernel: Kernel.IKernelConnection,
    status: Kernel.Status
  ): void {
    if (status === 'restarting' || status === 'autorestarting') {
      // Cells are counted from 1 again, but the history of the memory
      // continues.
      this._cells = [];
      this._running = null;
      this._activity = null;
      // Child processes and GPUs belonged to a process that has ended.
      this._present = null;
      this._stateChanged.emit();
    }
  }

  private _onReceived(_channel: KernelChannel, received: IReceived): void {
    const { message, sentS } = received;
    this._clock.observe(sentS);
    this._heardS = Date.now() / 1000;
    switch (message.type) {
      case 'snapshot':
        this._limit = message.limit;
        this._addSamples(message.samples);
        this._setPresent(message.present, message.samples);
        this._addCells(message.cells);
        this._setRunning(message.running);
        this._setActivity(message.activity);
        break;
      case 'samples':
        this._addSamples(message.samples);
        this._setPresent(message.present, message.samples);
        this._setRunning(message.running);
        this._setActivity(message.activity);
        break;
      case 'cells':
        this._addCells(message.cells);
        break;
      case 'goodbye':
        this._running = null;
        this._activity = null;
        break;
    }
    this._stateChanged.emit();
  }

  private _addSamples(samples: SampleColumns): void {
    this._timeline.merge({
      tS: samples.t_s,
      rssBytes: samples.rss_bytes,
      peakBytes: samples.peak_bytes,
      childrenBytes: samples.children_bytes
    });
    const tS = samples.t_s.at(-1);
    const rssBytes = samples.rss_bytes.at(-1);
    if (tS !== undefined && rssBytes !== undefined) {
      this._kernelS = Math.max(tS, this._kernelS);
      this._setReading({ tS, rssBytes, source: 'kernel' });
    }
  }

  private _addOutsideReading(reading: ServerReading): void {
    if (!this.isActive) {
      return;
    }
    const { t_s: tS, rss_bytes: rssBytes } = reading;
    this._timeline.merge({
      tS: [tS],
      rssBytes: [rssBytes],
      peakBytes: [rssBytes],
      // The server reads only the kernel; for the rest, the chart keeps the
      // last report.
      childrenBytes: [this._present?.childrenBytes ?? 0]
    });
    this._setReading({ tS, rssBytes, source: 'server' });
    if (this._running && rssBytes > this._running.peakBytes) {
      this._running = { ...this._running, peakBytes: rssBytes };
    }
    this._stateChanged.emit();
  }

  private _setPresent(present: Present, samples: SampleColumns): void {
    this._present = convertPresent(
      present,
      samples.children_bytes.at(-1) ?? this._present?.childrenBytes ?? 0
    );
  }

  private _setReading(reading: IReading): void {
    if (reading.tS >= (this._reading?.tS ?? 0)) {
      this._reading = reading;
    }
  }

  private _setRunning(running: RunningCell | null): void {
    const seenBytes =
      running?.started_s === this._running?.startedS
        ? (this._running?.peakBytes ?? 0)
        : 0;
    this._running = running && {
      ...convertRunningCell(running),
      // The server may have seen a higher value while the kernel was silent.
      peakBytes: Math.max(running.peak_bytes, seenBytes)
    };
  }

  private _setActivity(activity: Activity | null): void {
    this._activity = activity && convertActivity(activity);
  }

  private _addCells(cells: Cell[]): void {
    const byStart = new Map(this._cells.map(cell => [cell.startedS, cell]));
    for (const cell of cells) {
      byStart.set(cell.started_s, convertCell(cell));
      if (cell.started_s === this._running?.startedS) {
        this._running = null;
      }
    }
    this._cells = [...byStart.values()]
      .sort((a, b) => a.startedS - b.startedS)
      .slice(-CELLS_MAX);
  }

  private readonly _options: MemoryModel.IOptions;
  private readonly _clock: Clock;
  private readonly _overlay: ServerOverlay;
  private readonly _timeline = new Timeline();
  private readonly _stateChanged = new Signal<this, void>(this);
  private _channel: KernelChannel | null = null;
  private _ticker: ReturnType<typeof setInterval> | undefined;
  private _reading: IReading | null = null;
  private _present: IPresent | null = null;
  private _limit: ILimit | null = null;
  private _cells: readonly ICell[] = [];
  private _running: IRunningCell | null = null;
  private _activity: IActivity | null = null;
  private _kernelS = 0;
  private _heardS = 0;
  private _emittedS = 0;
  private _isDisposed = false;
}

export namespace MemoryModel {
  export interface IOptions {
    kernel: Kernel.IKernelConnection;
    read: KernelReader;
    isAutoloading: () => boolean;
    clock?: Clock;
  }
}
