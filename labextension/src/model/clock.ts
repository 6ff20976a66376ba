// Messages that wait for a busy page or network are less late than this.
const DELAY_MAX_S = 2;
// So many that are later show that the clock of the kernel's machine was set.
const LATE_MAX = 8;

/**
 * Seconds from an arbitrary moment, which go on evenly when the system's clock is set.
 */
export function steadyS(): number {
  return performance.now() / 1000;
}

/**
 * The time on the kernel's machine, inferred from the dates of its messages.
 *
 * A message can only be late, so the smallest difference is the most accurate, unless
 * all that follow are late.
 */
export class Clock {
  constructor(pageNowS: () => number = startSteady()) {
    this._pageNowS = pageNowS;
  }

  get nowS(): number {
    const now = this._pageNowS();
    return this._aheadS === Infinity ? now : now - this._aheadS;
  }

  /**
   * Learn from the time at which a message was sent.
   */
  observe(sentS: number): void {
    if (!Number.isFinite(sentS)) {
      return;
    }
    const aheadS = this._pageNowS() - sentS;
    this._late =
      aheadS > this._aheadS + DELAY_MAX_S ? [...this._late, aheadS] : [];
    if (this._late.length === LATE_MAX) {
      this._aheadS = Math.min(...this._late);
      this._late = [];
    }
    this._aheadS = Math.min(this._aheadS, aheadS);
  }

  private readonly _pageNowS: () => number;
  private _aheadS = Infinity;
  private _late: readonly number[] = [];
}

/**
 * The page's time as it is now, and steady from here on.
 */
function startSteady(): () => number {
  const startS = Date.now() / 1000 - steadyS();
  return () => startS + steadyS();
}
