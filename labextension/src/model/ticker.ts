import type { IDisposable } from '@lumino/disposable';

import { steadyS } from './clock';

const TICK_MS = 250;

/**
 * Calls a function with the steady time, four times a second while the page is visible.
 */
export class Ticker implements IDisposable {
  constructor(onTick: (nowS: number) => void) {
    this._timer = setInterval(() => {
      if (!document.hidden) {
        onTick(steadyS());
      }
    }, TICK_MS);
  }

  get isDisposed(): boolean {
    return this._timer === undefined;
  }

  dispose(): void {
    clearInterval(this._timer);
    this._timer = undefined;
  }

  private _timer: ReturnType<typeof setInterval> | undefined;
}
