import { beforeEach, describe, expect, it } from 'vitest';

import { Pacing } from '../../src/model/pacing';

let done: string[];
let isBusy: boolean;
let pacing: Pacing;

beforeEach(() => {
  done = [];
  isBusy = true;
  pacing = new Pacing({
    onDraw: () => done.push('draw'),
    onAdvance: () => done.push('advance'),
    isBusy: () => isBusy
  });
});

describe('Pacing', () => {
  it('draws the first change at once, and the times with it', () => {
    pacing.request(1000);
    expect(done).toEqual(['draw', 'advance']);
  });

  it('draws changes in quick succession once, at a later tick', () => {
    pacing.request(1000);
    done = [];
    pacing.request(1000.1);
    pacing.request(1000.2);
    pacing.tick(1000.3);
    expect(done).toEqual([]);
    pacing.tick(1000.5);
    expect(done).toEqual(['draw', 'advance']);
    pacing.tick(1000.6);
    expect(done).toEqual(['draw', 'advance']);
  });

  it('draws what cannot wait at once, with what waits', () => {
    pacing.request(1000);
    pacing.request(1000.1);
    done = [];
    pacing.draw(1000.2);
    expect(done).toEqual(['draw']);
    pacing.tick(1000.5);
    expect(done).toEqual(['draw', 'advance']);
  });

  it.each([
    [true, 3],
    [false, 1]
  ])('advances the times more often in a cell: %s', (busy, count) => {
    isBusy = busy;
    for (const nowS of [1000, 1000.3, 1000.5, 1000.95]) {
      pacing.tick(nowS);
    }
    expect(done).toEqual(new Array(count).fill('advance'));
  });
});
