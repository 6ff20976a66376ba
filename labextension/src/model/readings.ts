import type { IGauge } from '../wire/protocol';

/**
 * A reading of a kernel's memory, and who took it.
 */
export interface IReading {
  readonly tS: number;
  readonly rssBytes: number;
  readonly childrenBytes: number;
  /** The limit with the least room, `null` if unknown. */
  readonly gauge: IGauge | null;
  readonly source: 'kernel' | 'server';
}

/**
 * The reading that counts: the kernel's last, or the server's while it is silent.
 */
export class LatestReading {
  get current(): IReading | null {
    return this._current;
  }

  /**
   * The time of the kernel's last reading, 0 if there is none.
   */
  get kernelS(): number {
    return this._kernelS;
  }

  offer(reading: IReading): void {
    // Once a kernel is idle, it sends nothing that would replace the server's.
    const isKernels = reading.source === 'kernel';
    const lastS = isKernels ? this._kernelS : (this._current?.tS ?? 0);
    if (reading.tS < lastS) {
      return;
    }
    this._current = reading;
    if (isKernels) {
      this._kernelS = reading.tS;
    }
  }

  /**
   * Update the gauge, in which others' memory counts, while the kernel is idle.
   */
  refresh(gauge: IGauge | null): void {
    if (this._current) {
      this._current = { ...this._current, gauge };
    }
  }

  /**
   * Forget the reading of a process that has ended.
   */
  clear(): void {
    this._current = null;
  }

  private _current: IReading | null = null;
  private _kernelS = 0;
}
