import { describe, expect, it } from 'vitest';

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

  it('ignores an invalid date', () => {
    const clock = new Clock(() => 100);
    clock.observe(Number.NaN);
    expect(clock.nowS).toBe(100);
  });
});
