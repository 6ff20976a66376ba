import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Ticker } from '../../src/model/ticker';

let ticks: number[];
let ticker: Ticker;

beforeEach(() => {
  vi.useFakeTimers({ now: 1000_000 });
  ticks = [];
  ticker = new Ticker(nowS => ticks.push(nowS));
});

afterEach(() => {
  ticker.dispose();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('Ticker', () => {
  it('ticks four times a second, with the time', () => {
    vi.advanceTimersByTime(1000);
    expect(ticks).toEqual([1000.25, 1000.5, 1000.75, 1001]);
  });

  it('does not tick on a hidden page', () => {
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    vi.advanceTimersByTime(1000);
    expect(ticks).toEqual([]);
    hidden.mockReturnValue(false);
    vi.advanceTimersByTime(250);
    expect(ticks).toEqual([1001.25]);
  });

  it('leaves no timer after its disposal', () => {
    expect(ticker.isDisposed).toBe(false);
    ticker.dispose();
    ticker.dispose();
    expect(ticker.isDisposed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
