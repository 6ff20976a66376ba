import { describe, expect, it } from 'vitest';

import { Clock } from '../src/clock';

describe('Clock', () => {
  it('is the page’s before the kernel has sent anything', () => {
    expect(new Clock(() => 100).nowS).toBe(100);
  });

  it('runs with the clock of the sender', () => {
    let pageS = 100;
    const clock = new Clock(() => pageS);
    clock.observe(5000);
    pageS = 103;
    expect(clock.nowS).toBe(5003);
  });

  it('trusts the message that was the least late', () => {
    const clock = new Clock(() => 100);
    clock.observe(80);
    clock.observe(99);
    clock.observe(90);
    expect(clock.nowS).toBe(99);
  });

  it('learns nothing from a date that is none', () => {
    const clock = new Clock(() => 100);
    clock.observe(Number.NaN);
    expect(clock.nowS).toBe(100);
  });
});
