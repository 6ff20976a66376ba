import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Ticker } from '../../src/model/ticker';

let ticks: number[];
let ticker: Ticker;

beforeEach(() => {
  vi.useFakeTimers();
  ticks = [];
  ticker = new Ticker(nowS => ticks.push(nowS));
});

afterEach(() => {
  ticker.dispose();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('Ticker', () => {
  it('ticks four times a second, with the steady time', () => {
    vi.advanceTimersByTime(1000);
    expect(ticks).toEqual([0.25, 0.5, 0.75, 1]);
  });

  it('does not tick on a hidden page', () => {
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    vi.advanceTimersByTime(1000);
    expect(ticks).toEqual([]);
    hidden.mockReturnValue(false);
    vi.advanceTimersByTime(250);
    expect(ticks).toEqual([1.25]);
  });

  it('leaves no timer after its disposal', () => {
    expect(ticker.isDisposed).toBe(false);
    ticker.dispose();
    ticker.dispose();
    expect(ticker.isDisposed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
