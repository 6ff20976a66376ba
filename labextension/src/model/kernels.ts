import { PathExt } from '@jupyterlab/coreutils';
import type { Session } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IKernelServer } from '../server/kernels';
import type { IKernelMemory } from '../wire/protocol';
import { steadyS } from './clock';
import type { IGrowth } from './kernelGrowth';
import { GrowthLog } from './kernelGrowth';

const INTERVAL_S = 3;
const INTERVAL_MAX_S = 60;
const HOARDING_IDLE_S = 3600;
const HOARDING_BYTES = 1024 ** 3;

/**
 * A kernel of the server, with what this page knows of it.
 */
export interface IKernelRow extends IKernelMemory {
  /** The notebook or console, empty for a kernel without any. */
  readonly name: string;
  readonly session: Session.IModel | null;
  /** The memory with child processes, `null` if unknown. */
  readonly bytes: number | null;
  /** The part of its limit, `null` if unknown. */
  readonly share: number | null;
  readonly growth: IGrowth | null;
  /** How long it has been idle, `null` if it is not. */
  readonly idleS: number | null;
  /** Whether it has been idle for long and holds much. */
  readonly isHoarding: boolean;
}

/**
 * The memory of all kernels of the server.
 *
 * It is read only while something shows it: what shows it calls `keepFresh` whenever
 * it renders, and renders whenever this changes, unless it is hidden.
 */
export class Kernels implements IDisposable {
  constructor(options: Kernels.IOptions) {
    this._options = options;
  }

  /**
   * Emitted after each reading, also after one that failed.
   */
  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  /**
   * The kernels, largest first, `null` before the first reading.
   */
  get rows(): readonly IKernelRow[] | null {
    return this._rows;
  }

  /**
   * Whether the last reading failed.
   */
  get isFailing(): boolean {
    return this._failures > 0;
  }

  /**
   * Read the list again when it is a few seconds old.
   */
  keepFresh(): void {
    if (this._timer !== undefined || this._isReading || this._isDisposed) {
      return;
    }
    const intervalS = Math.min(
      INTERVAL_MAX_S,
      INTERVAL_S * 2 ** this._failures
    );
    const dueInS = this._readS + intervalS - steadyS();
    this._timer = setTimeout(
      () => {
        this._timer = undefined;
        if (document.hidden) {
          this._readS = steadyS();
          this.keepFresh();
        } else {
          void this._read();
        }
      },
      1000 * Math.max(0, dueInS)
    );
  }

  /**
   * Drop a kernel that has been shut down, which a list may still contain.
   */
  forget(kernelId: string): void {
    this._gone.add(kernelId);
    this._rows =
      this._rows?.filter(row => row.kernelId !== kernelId) ?? this._rows;
    this._stateChanged.emit();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    Signal.clearData(this);
  }

  private async _read(): Promise<void> {
    this._isReading = true;
    try {
      const list = await this._options.list();
      if (list) {
        this._failures = 0;
        this._update(list.kernels, list.tS);
      } else {
        this._failures += 1;
      }
    } catch {
      // JupyterLab reports a lost server; here the figures just become stale.
      this._failures += 1;
    } finally {
      this._isReading = false;
      this._readS = steadyS();
    }
    this._stateChanged.emit();
  }

  private _update(kernels: readonly IKernelMemory[], tS: number): void {
    const sessions = new Map<string, Session.IModel>();
    for (const session of this._options.sessions()) {
      if (session.kernel) {
        sessions.set(session.kernel.id, session);
      }
    }
    const found = kernels.filter(({ kernelId }) => !this._gone.has(kernelId));
    this._growth.keepOnly(found.map(({ kernelId }) => kernelId));
    this._rows = found
      .map(kernel =>
        rowOf(kernel, sessions.get(kernel.kernelId) ?? null, tS, this._growth)
      )
      .sort(
        (a, b) =>
          (b.bytes ?? -1) - (a.bytes ?? -1) || a.name.localeCompare(b.name)
      );
  }

  private readonly _options: Kernels.IOptions;
  private readonly _stateChanged = new Signal<this, void>(this);
  private readonly _growth = new GrowthLog();
  private readonly _gone = new Set<string>();
  private _rows: readonly IKernelRow[] | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isReading = false;
  private _readS = -Infinity;
  private _failures = 0;
  private _isDisposed = false;
}

export namespace Kernels {
  export interface IOptions {
    list: IKernelServer['list'];
    /** The notebooks and consoles that have kernels. */
    sessions: () => Iterable<Session.IModel>;
  }
}

function rowOf(
  kernel: IKernelMemory,
  session: Session.IModel | null,
  tS: number,
  growth: GrowthLog
): IKernelRow {
  const { kernelId, memory, pid, state, activeS } = kernel;
  const bytes = memory && memory.rssBytes + memory.childrenBytes;
  const gauge = memory?.gauge ?? null;
  const idleS =
    state === 'idle' && activeS !== null ? Math.max(0, tS - activeS) : null;
  return {
    ...kernel,
    name: session ? nameOf(session) : '',
    session,
    bytes,
    share: bytes !== null && gauge ? bytes / gauge.limitBytes : null,
    growth:
      bytes === null || pid === null
        ? null
        : growth.add(kernelId, { pid, tS, bytes }),
    idleS,
    isHoarding:
      (idleS ?? 0) >= HOARDING_IDLE_S && (bytes ?? 0) >= HOARDING_BYTES
  };
}

function nameOf({ name, path, type }: Session.IModel): string {
  return type === 'notebook' || name === '' ? PathExt.basename(path) : name;
}
