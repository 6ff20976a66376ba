import { beforeEach, describe, expect, it } from 'vitest';

import { GrowthLog } from '../../src/model/kernelGrowth';

let log: GrowthLog;

beforeEach(() => {
  log = new GrowthLog();
});

function add(tS: number, bytes: number, pid = 1) {
  return log.add('a', { pid, tS, bytes });
}

describe('GrowthLog', () => {
  it('knows no growth after one reading', () => {
    expect(add(0, 100)).toBeNull();
  });

  it('is that since the first reading, then that of the last minute', () => {
    add(0, 100);
    expect(add(30, 150)).toEqual({ bytes: 50, overS: 30 });
    expect(add(60, 170)).toEqual({ bytes: 70, overS: 60 });
    expect(add(90, 180)).toEqual({ bytes: 30, overS: 60 });
  });

  it('is that since the last look, however long ago', () => {
    add(0, 100);
    add(3, 110);
    expect(add(7203, 500)).toEqual({ bytes: 390, overS: 7200 });
    expect(add(7206, 510)).toEqual({ bytes: 400, overS: 7203 });
    expect(add(7264, 520)).toEqual({ bytes: 20, overS: 61 });
  });

  it('can be negative', () => {
    add(0, 100);
    expect(add(3, 40)).toEqual({ bytes: -60, overS: 3 });
  });

  it('starts again with each process', () => {
    add(0, 100);
    expect(add(3, 10, 2)).toBeNull();
  });

  it('is not that of a list that is shared', () => {
    add(3, 100);
    expect(add(3, 100)).toBeNull();
  });

  it('forgets kernels that are gone', () => {
    add(0, 100);
    log.keepOnly(['b']);
    expect(add(3, 200)).toBeNull();
  });
});
