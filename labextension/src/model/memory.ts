import type { Kernel } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { ServerOverlay } from '../overlay';
import type { IKernelServer } from '../server/kernels';
import type { IReceived } from '../wire/channel';
import { KernelChannel } from '../wire/channel';
import type { IDeath, IServerReading } from '../wire/protocol';
import type { ChannelStatus } from '../wire/status';
import type { Clock } from './clock';
import { steadyS } from './clock';
import { DeathReport } from './deathReport';
import { Inspection } from './inspection';
import { KernelMemory } from './kernelMemory';
import { Pacing } from './pacing';
import type { IReading } from './readings';
import { Ticker } from './ticker';

/**
 * The memory of one kernel, as shown in the sidebar.
 *
 * Its data is kept while it is hidden; unless `isActive`, it requests nothing
 * from the kernel, the server or the page.
 */
export class MemoryModel extends KernelMemory implements IDisposable {
  constructor(options: MemoryModel.IOptions) {
    super(options.clock);
    this._options = options;
    this._overlay = new ServerOverlay({
      read: options.server.read,
      kernelId: options.kernel.id,
      onReading: reading => {
        this._addOutsideReading(reading);
      }
    });
    this.inspection = new Inspection({
      ask: async message => (await this._channel?.ask(message)) ?? null,
      act: async request => (await this._channel?.act(request)) ?? null,
      cellsEnded: () => this.present?.cellsEnded ?? 0,
      onChange: () => {
        this._stateChanged.emit();
      }
    });
    this._deathReport = new DeathReport(options.server, options.kernel.id);
    this._deathReport.changed.connect(this._onStatus, this);
    options.kernel.statusChanged.connect(this._onKernelStatus, this);
  }

  /**
   * Emitted when anything here changes.
   */
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
   * The variables and libraries of the kernel, and what is done to them.
   */
  readonly inspection: Inspection;

  get status(): ChannelStatus {
    return this._channel?.status ?? { kind: 'connecting' };
  }

  /**
   * The last death of the notebook's kernels, until it is dismissed.
   */
  get death(): IDeath | null {
    return this._deathReport.death;
  }

  /**
   * Whether the kernel's process has ended, and no other has started yet.
   */
  get hasEnded(): boolean {
    return this._hasEnded;
  }

  override get isBusy(): boolean {
    return (
      !this._hasEnded &&
      (this.running !== null || (this._channel?.isExecuting ?? false))
    );
  }

  /**
   * Whether the server cannot report the memory of a kernel that is silent.
   */
  get isBlind(): boolean {
    return this._overlay.isFailing && this.staleSinceS !== null;
  }

  protected override get isLost(): boolean {
    return this.status.kind === 'lost';
  }

  /**
   * Whether to find out why a kernel does not answer, by a request that its user
   * does not see. Without the panel, the reason is not shown.
   */
  get isProbing(): boolean {
    return this._isProbing;
  }
  set isProbing(isProbing: boolean) {
    const isNew = isProbing && !this._isProbing;
    this._isProbing = isProbing;
    if (isNew) {
      this.probeAgain();
    }
  }

  /**
   * Find out again why the kernel has not loaded the extension, or load it.
   */
  probeAgain(): void {
    if (this.status.kind === 'not-loaded') {
      this._channel?.connect();
    }
  }

  /**
   * Whether anything shows this kernel.
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
   * Run a magic of the kit after the running cell.
   */
  async runMagic(name: string, line: string): Promise<void> {
    await this._channel?.runMagic(name, line);
  }

  /**
   * Undo `gc.disable()` after the running cell.
   */
  async enableCollector(): Promise<void> {
    await this._channel?.enableCollector();
  }

  /**
   * Restore a lost connection.
   */
  async reconnect(): Promise<void> {
    await this._options.kernel.reconnect();
    this._channel?.connect();
  }

  /**
   * Remove the report on the death of the kernel for good.
   */
  async dismissDeath(): Promise<void> {
    await this._deathReport.dismiss();
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
      isProbing: () => this._isProbing,
      sinceS: () => this.record.readings.kernelS
    });
    this._channel.received.connect(this._onReceived, this);
    this._channel.replaced.connect(this._onReplaced, this);
    this._channel.statusChanged.connect(this._onStatus, this);
    this._channel.connect();
    this._ticker = new Ticker(nowS => {
      this._tick(nowS);
    });
    this._askAboutDeath();
  }

  private _deactivate(): void {
    this._ticker?.dispose();
    this._channel?.dispose();
    this._channel = null;
    // The running cell may have ended by the time the sidebar is opened again.
    this.record.rest();
  }

  /**
   * Do what is due: read from outside, renew, and show what has changed.
   */
  private _tick(nowS: number): void {
    this._channel?.renew();
    this._overlay.update(
      {
        status: this.status,
        isExecuting: this.isBusy,
        isShared: isShared(this.reading),
        silentForS: nowS - this._heardS
      },
      nowS
    );
    this.inspection.update(this.status.kind === 'live' && !this.isBusy, nowS);
    this._pacing.tick(nowS);
  }

  private _onStatus(): void {
    this._stateChanged.emit();
  }

  private _onKernelStatus(
    _kernel: Kernel.IKernelConnection,
    status: Kernel.Status
  ): void {
    switch (status) {
      case 'restarting':
        this._endProcess();
        break;
      case 'autorestarting':
      case 'dead':
        this._endProcess();
        this._askAboutDeath();
        break;
      case 'idle':
      case 'busy':
        // Another process has started, with or without the extension.
        if (this._hasEnded) {
          this._hasEnded = false;
          this._stateChanged.emit();
        }
        break;
    }
  }

  private _onReplaced(_channel: KernelChannel, atS: number): void {
    this._endProcess(atS);
    // The other one runs already.
    this._hasEnded = false;
  }

  /**
   * Keep what is known of the kernel's process, apart from the next one's.
   */
  private _endProcess(endedS = this.nowS): void {
    if (!this._hasEnded) {
      this._hasEnded = true;
      this.record.end(endedS);
      this.inspection.clear();
    }
    this._stateChanged.emit();
  }

  private _askAboutDeath(): void {
    if (this.isActive) {
      this._deathReport.ask();
    }
  }

  private _onReceived(_channel: KernelChannel, received: IReceived): void {
    const { message, sentS } = received;
    if (this._hasEnded && message.type !== 'snapshot') {
      // It was sent before the process ended; the ledger knows late records.
      if (message.type === 'cells') {
        this.record.add(message);
        this._stateChanged.emit();
      }
      return;
    }
    this.clock.observe(sentS);
    this._heardS = steadyS();
    this._hasEnded = false;
    this.record.add(message);
    if (message.type === 'snapshot' || message.type === 'cells') {
      this.inspection.outdate();
    }
    if (message.type === 'samples') {
      this._pacing.request(this._heardS);
    } else {
      this._pacing.draw(this._heardS);
    }
  }

  private _addOutsideReading(reading: IServerReading): void {
    // It may have been requested before the process ended.
    if (!this.isActive || this._hasEnded) {
      return;
    }
    const { tS, isAlive, rssBytes, childrenBytes, gauge } = reading;
    this.clock.observe(tS);
    if (!isAlive) {
      this._endProcess();
      this._askAboutDeath();
      return;
    }
    if (this.status.kind === 'live' && !this.isBusy) {
      // Only others have changed what counts against the limit.
      this.record.readings.refresh(gauge);
      this._stateChanged.emit();
      return;
    }
    this.record.timeline.merge({
      tS: [tS],
      rssBytes: [rssBytes],
      peakBytes: [rssBytes],
      childrenBytes: [childrenBytes],
      gpuBytes: [this.record.gpuBytes]
    });
    const source = 'server';
    const { readings, ledger } = this.record;
    readings.offer({ tS, rssBytes, childrenBytes, gauge, source });
    ledger.see(rssBytes);
    this._stateChanged.emit();
  }

  private readonly _options: MemoryModel.IOptions;
  private readonly _overlay: ServerOverlay;
  private readonly _deathReport: DeathReport;
  private readonly _pacing = new Pacing({
    onDraw: () => {
      this._stateChanged.emit();
    },
    onAdvance: () => {
      this._ticked.emit();
    },
    isBusy: () => this.isBusy
  });
  private readonly _stateChanged = new Signal<this, void>(this);
  private readonly _ticked = new Signal<this, void>(this);
  private _channel: KernelChannel | null = null;
  private _ticker: Ticker | null = null;
  private _hasEnded = false;
  private _isProbing = false;
  private _heardS = -Infinity;
  private _isDisposed = false;
}

export namespace MemoryModel {
  export interface IOptions {
    kernel: Kernel.IKernelConnection;
    server: IKernelServer;
    isAutoloading: () => boolean;
    clock?: Clock;
  }
}

/**
 * Whether the memory of other programs counts against the limit.
 */
function isShared(reading: IReading | null): boolean {
  const covers = reading?.gauge?.covers;
  return covers === 'container' || covers === 'machine';
}
