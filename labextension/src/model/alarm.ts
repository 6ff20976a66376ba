import type { IReading } from './readings';

// An alarm ends when memory is clearly below its threshold again.
const HYSTERESIS = 0.1;
const SOON_S = 60;

/**
 * Memory is close to the limit, or will soon be.
 */
export interface IAlarm {
  readonly share: number;
  readonly limitBytes: number;
  /** The time until the limit is reached, `null` unless memory climbs. */
  readonly secondsToFull: number | null;
  /** The number of the warning, so that each is announced once. */
  readonly warning: number;
}

/**
 * Raises an alarm at a share of the limit, or a minute before the limit is reached.
 *
 * It lasts until memory is clearly below the threshold, or the user sets another one.
 * If it is raised before memory is at the threshold, there is another warning then.
 */
export class Alarm {
  constructor(threshold: () => number) {
    this._threshold = threshold;
  }

  /**
   * The current alarm, `null` if there is none.
   */
  get current(): IAlarm | null {
    return this._current;
  }

  update(reading: IReading | null, secondsToFull: number | null): void {
    const gauge = reading?.gauge ?? null;
    if (gauge === null) {
      this._current = null;
      return;
    }
    const { limitBytes, usedBytes } = gauge;
    const share = usedBytes / limitBytes;
    const threshold = this._threshold();
    const isReached = share >= threshold;
    const isRaised =
      isReached ||
      (secondsToFull !== null &&
        secondsToFull < SOON_S &&
        share >= threshold / 2);
    const isOver = share < threshold - HYSTERESIS && secondsToFull === null;
    const lasts = !isOver && threshold === this._thresholdOfCurrent;
    if (isRaised || (this._current !== null && lasts)) {
      const wasReached = this._current !== null && this._wasReached;
      const isNew = this._current === null || (isReached && !wasReached);
      this._wasReached = wasReached || isReached;
      this._thresholdOfCurrent = threshold;
      this._warning += isNew ? 1 : 0;
      const warning = this._warning;
      this._current = { share, limitBytes, secondsToFull, warning };
    } else {
      this._current = null;
    }
  }

  private readonly _threshold: () => number;
  private _current: IAlarm | null = null;
  private _thresholdOfCurrent: number | null = null;
  private _warning = 0;
  private _wasReached = false;
}
