import type {
  IActivity,
  ICell,
  IPresent,
  IRunningCell
} from '../wire/protocol';
import { secondsToFull } from './climb';
import { Clock } from './clock';
import type { IEarlierProcess } from './ledger';
import type { IReading } from './readings';
import { KernelRecord } from './record';
import type { Timeline } from './timeline';

const STALE_AFTER_S = 3;

/**
 * The memory of one kernel, by whatever way its messages arrive.
 */
export abstract class KernelMemory {
  constructor(protected readonly clock: Clock = new Clock()) {}

  /**
   * Whether the kernel runs a cell.
   */
  abstract get isBusy(): boolean;

  /**
   * Whether no more messages can arrive.
   */
  protected abstract get isLost(): boolean;

  get timeline(): Timeline {
    return this.record.timeline;
  }

  get reading(): IReading | null {
    return this.record.readings.current;
  }

  /**
   * The kernel's last report on what no history is kept of.
   */
  get present(): IPresent | null {
    return this.record.present;
  }

  /**
   * The cells of the current process that have ended, oldest first.
   */
  get cells(): readonly ICell[] {
    return this.record.ledger.cells;
  }

  /**
   * The processes of the kernel that ended while the page was open.
   */
  get earlier(): readonly IEarlierProcess[] {
    return this.record.ledger.earlier;
  }

  get running(): IRunningCell | null {
    return this.record.ledger.running;
  }

  /**
   * The last report on the progress of running work.
   */
  get activity(): IActivity | null {
    return this.record.activity;
  }

  /**
   * The time on the kernel's clock.
   */
  get nowS(): number {
    return this.clock.nowS;
  }

  /**
   * The time until the limit is reached at the present growth, `null` if memory
   * does not climb.
   */
  get secondsToFull(): number | null {
    const { reading, running } = this;
    return reading && this.isBusy
      ? secondsToFull(this.timeline, reading, running?.startedS)
      : null;
  }

  /**
   * The time since which the reading may be outdated, `null` if it is current.
   *
   * The memory of an idle kernel does not change, so its last reading is
   * current.
   */
  get staleSinceS(): number | null {
    const lastS = this.reading?.tS ?? null;
    if (lastS === null || this.isLost) {
      return lastS;
    }
    return this.isBusy && this.nowS - lastS > STALE_AFTER_S ? lastS : null;
  }

  protected readonly record = new KernelRecord();
}
