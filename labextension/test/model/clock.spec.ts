import { describe, expect, it, vi } from 'vitest';

import { Clock } from '../../src/model/clock';

describe('Clock', () => {
  it('is the page’s clock before the kernel has sent anything', () => {
    expect(new Clock(() => 100).nowS).toBe(100);
  });

  it('follows the clock of the sender', () => {
    let pageS = 100;
    const clock = new Clock(() => pageS);
    clock.observe(5000);
    pageS = 103;
    expect(clock.nowS).toBe(5003);
  });

  it('uses the message that was least delayed', () => {
    const clock = new Clock(() => 100);
    clock.observe(80);
    clock.observe(99);
    clock.observe(90);
    expect(clock.nowS).toBe(99);
  });

  it('goes on evenly when the clock of the page is set', () => {
    vi.useFakeTimers({ now: 100_000 });
    const clock = new Clock();
    clock.observe(99);
    vi.setSystemTime(9_000_000);
    expect(clock.nowS).toBe(99);
    vi.useRealTimers();
  });

  it('follows a clock that was set back, but not a single late message', () => {
    const clock = new Clock(() => 5000);
    clock.observe(5000);
    clock.observe(1400);
    expect(clock.nowS).toBe(5000);
    for (let message = 0; message < 10; message += 1) {
      clock.observe(1400);
    }
    expect(clock.nowS).toBe(1400);
    clock.observe(1401);
    expect(clock.nowS).toBe(1401);
  });

  it('ignores an invalid date', () => {
    const clock = new Clock(() => 100);
    clock.observe(Number.NaN);
    expect(clock.nowS).toBe(100);
  });
});
