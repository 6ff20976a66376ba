/**
 * The time on the kernel's machine, inferred from the dates of its messages.
 *
 * A message can only be late, so the smallest difference is the most accurate.
 */
export class Clock {
  constructor(pageNowS: () => number = () => Date.now() / 1000) {
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
    if (Number.isFinite(sentS)) {
      this._aheadS = Math.min(this._aheadS, this._pageNowS() - sentS);
    }
  }

  private readonly _pageNowS: () => number;
  private _aheadS = Infinity;
}
