import { beforeEach, describe, expect, it } from 'vitest';

import type { IReading } from '../../src/model/readings';
import { LatestReading } from '../../src/model/readings';

let readings: LatestReading;

beforeEach(() => {
  readings = new LatestReading();
});

function offer(tS: number, source: IReading['source']): void {
  readings.offer({ tS, rssBytes: 1, childrenBytes: 0, gauge: null, source });
}

describe('LatestReading', () => {
  it('has none at first', () => {
    expect([readings.current, readings.kernelS]).toEqual([null, 0]);
  });

  it('is the server’s while the kernel is silent', () => {
    offer(10, 'kernel');
    offer(11, 'server');
    expect(readings.current).toMatchObject({ tS: 11, source: 'server' });
    offer(12, 'kernel');
    expect(readings.current).toMatchObject({ tS: 12, source: 'kernel' });
  });

  it('is the kernel’s as soon as it is heard', () => {
    offer(10, 'kernel');
    offer(12, 'server');
    offer(11, 'kernel');
    expect(readings.current).toMatchObject({ tS: 11, source: 'kernel' });
  });

  it('is not replaced by an earlier one that arrives late', () => {
    offer(12, 'server');
    offer(11, 'server');
    expect(readings.current?.tS).toBe(12);
    offer(14, 'kernel');
    offer(13, 'kernel');
    expect(readings.current?.tS).toBe(14);
  });

  it('is the last one of several at the same time', () => {
    offer(12, 'server');
    offer(12, 'kernel');
    expect(readings.current?.source).toBe('kernel');
  });

  it('keeps the time of the kernel’s own last reading', () => {
    offer(10, 'kernel');
    offer(9, 'kernel');
    offer(20, 'server');
    expect(readings.kernelS).toBe(10);
  });

  it('forgets the reading of a process that has ended, not what the page has', () => {
    offer(10, 'kernel');
    readings.clear();
    expect([readings.current, readings.kernelS]).toEqual([null, 10]);
    offer(11, 'kernel');
    expect(readings.current?.tS).toBe(11);
  });
});
