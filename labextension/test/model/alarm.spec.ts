import { beforeEach, describe, expect, it } from 'vitest';

import { Alarm } from '../../src/model/alarm';
import type { IReading } from '../../src/model/readings';

const LIMIT = 1000;

let threshold: number;
let alarm: Alarm;

beforeEach(() => {
  threshold = 0.85;
  alarm = new Alarm(() => threshold);
});

function reading(usedBytes: number): IReading {
  return {
    tS: 1000,
    rssBytes: usedBytes,
    childrenBytes: 0,
    gauge: {
      limitBytes: LIMIT,
      usedBytes,
      name: 'cgroup memory.max',
      covers: 'container'
    },
    source: 'kernel'
  };
}

/** The warning at each size. */
function warnings(...usedBytes: number[]): (number | null)[] {
  return usedBytes.map(used => {
    alarm.update(reading(used), null);
    return alarm.current?.warning ?? null;
  });
}

describe('Alarm', () => {
  it('is not raised at first', () => {
    expect(alarm.current).toBeNull();
  });

  it('is raised at its threshold, with what is in use', () => {
    expect(warnings(849)).toEqual([null]);
    alarm.update(reading(850), null);
    expect(alarm.current).toEqual({
      share: 0.85,
      limitBytes: LIMIT,
      secondsToFull: null,
      warning: 1
    });
  });

  it('follows the readings while it lasts', () => {
    warnings(900);
    alarm.update(reading(1200), 0);
    expect(alarm.current).toMatchObject({ share: 1.2, secondsToFull: 0 });
  });

  it('is one warning for one climb, however memory fluctuates at the threshold', () => {
    expect(warnings(860, 840, 860, 760, 990, 751)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('ends clearly below its threshold, and is another one afterwards', () => {
    expect(warnings(900, 740, 849, 850)).toEqual([1, null, null, 2]);
  });

  it('is raised a minute before the limit is reached', () => {
    alarm.update(reading(500), 61);
    expect(alarm.current).toBeNull();
    alarm.update(reading(500), 59);
    expect(alarm.current).toMatchObject({ share: 0.5, secondsToFull: 59 });
  });

  it('is another warning, once, when memory reaches the threshold', () => {
    alarm.update(reading(500), 10);
    expect(warnings(800, 850, 800, 900)).toEqual([1, 2, 2, 2]);
  });

  it('is not raised by fast growth while most of the limit is free', () => {
    alarm.update(reading(400), 5);
    expect(alarm.current).toBeNull();
  });

  it('lasts while memory climbs, and ends when it no longer does', () => {
    alarm.update(reading(500), 59);
    alarm.update(reading(510), 70);
    expect(alarm.current?.warning).toBe(1);
    alarm.update(reading(510), null);
    expect(alarm.current).toBeNull();
  });

  it('ends with its reading or its limit', () => {
    warnings(900);
    alarm.update({ ...reading(900), gauge: null }, null);
    expect(alarm.current).toBeNull();
    expect(warnings(900)).toEqual([2]);
    alarm.update(null, null);
    expect(alarm.current).toBeNull();
  });

  it('follows a new threshold', () => {
    threshold = 0.5;
    expect(warnings(499, 500)).toEqual([null, 1]);
    threshold = 0.55;
    expect(warnings(500)).toEqual([null]);
  });

  it('goes on if memory is above a new threshold, too', () => {
    warnings(860);
    threshold = 0.5;
    expect(warnings(860)).toEqual([1]);
  });

  it('is never raised without a threshold', () => {
    threshold = Infinity;
    alarm.update(reading(1200), 0);
    expect(alarm.current).toBeNull();
  });
});
