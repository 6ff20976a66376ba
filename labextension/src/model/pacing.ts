const BUSY_TICK_S = 0.4;
const IDLE_TICK_S = 1;
// A frame costs JupyterLab some 5 ms, so not every message is drawn.
const DRAW_INTERVAL_S = 0.45;

/**
 * Determines when what has changed is drawn, and when the times that advance are.
 *
 * All its times are on one clock, in seconds.
 */
export class Pacing {
  constructor(options: Pacing.IOptions) {
    this._options = options;
  }

  /**
   * Draw soon: now, or at the first tick that is late enough after the last drawing.
   */
  request(nowS: number): void {
    if (nowS - this._drawnS < DRAW_INTERVAL_S) {
      this._isBehind = true;
    } else {
      this._drawnS = nowS;
      this.draw(nowS);
    }
  }

  /**
   * Draw now, and in the same frame the times that advance.
   */
  draw(nowS: number): void {
    this._isBehind = false;
    this._options.onDraw();
    this._advance(nowS);
  }

  /**
   * Do what is due.
   */
  tick(nowS: number): void {
    if (this._isBehind) {
      this.request(nowS);
    }
    this._advance(nowS);
  }

  private _advance(nowS: number): void {
    const intervalS = this._options.isBusy() ? BUSY_TICK_S : IDLE_TICK_S;
    if (nowS - this._tickedS >= intervalS) {
      this._tickedS = nowS;
      this._options.onAdvance();
    }
  }

  private readonly _options: Pacing.IOptions;
  private _isBehind = false;
  private _drawnS = -Infinity;
  private _tickedS = -Infinity;
}

export namespace Pacing {
  export interface IOptions {
    /** Show what has changed. */
    onDraw: () => void;
    /** Show the times that advance. */
    onAdvance: () => void;
    /** Whether times advance fast. */
    isBusy: () => boolean;
  }
}
