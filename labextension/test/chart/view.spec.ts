import { beforeEach, describe, expect, it } from 'vitest';

import type { IWindow } from '../../src/chart/view';
import { View } from '../../src/chart/view';
import { seeded } from './history';

let extent: IWindow;
let rangeS: number | null;
let changes: number;
let view: View;

beforeEach(() => {
  extent = { fromS: 0, toS: 1000 };
  rangeS = 300;
  changes = 0;
  view = new View({
    extent: () => extent,
    rangeS: () => rangeS,
    onChange: () => {
      changes += 1;
    }
  });
});

describe('View', () => {
  it.each([
    [300, 700],
    [null, 0],
    [3600, 0]
  ])('follows the present with a range of %s', (range, fromS) => {
    rangeS = range;
    expect(view.isLive).toBe(true);
    expect(view.window).toEqual({ fromS, toS: 1000 });
    extent = { fromS: 0, toS: 1010 };
    expect(view.window.toS).toBe(1010);
  });

  it('stays where the user put it, while time goes on', () => {
    view.select(100, 200);
    extent = { fromS: 0, toS: 2000 };
    expect(view.isLive).toBe(false);
    expect(view.window).toEqual({ fromS: 100, toS: 200 });
    expect(changes).toBe(1);
  });

  it('follows again on request', () => {
    view.select(100, 200);
    view.follow();
    expect(view.window).toEqual({ fromS: 700, toS: 1000 });
    view.follow();
    expect(changes).toBe(2);
  });

  it('selects a range of a useful length around a point', () => {
    view.select(500, 500);
    expect(view.window).toEqual({ fromS: 499, toS: 501 });
  });

  it.each([
    [0.5, 850, { fromS: 775, toS: 925 }],
    [0.5, 1000, { fromS: 850, toS: 1000 }],
    [2, 700, { fromS: 400, toS: 1000 }],
    [100, 850, { fromS: 0, toS: 1000 }]
  ])('zooms by %d around %d', (factor, aroundS, expected) => {
    view.zoom(factor, aroundS);
    expect(view.window.fromS).toBeCloseTo(expected.fromS);
    expect(view.window.toS).toBeCloseTo(expected.toS);
  });

  it('keeps the moment in its place while it zooms in', () => {
    view.zoom(0.1, 760);
    const { fromS, toS } = view.window;
    expect((760 - fromS) / (toS - fromS)).toBeCloseTo((760 - 700) / 300);
  });

  it('pans by a share of what is shown, and stops at the ends', () => {
    view.pan(-0.5);
    expect(view.window).toEqual({ fromS: 550, toS: 850 });
    view.pan(-10);
    expect(view.window).toEqual({ fromS: 0, toS: 300 });
    view.pan(10);
    expect(view.window).toEqual({ fromS: 700, toS: 1000 });
  });

  it('shows the start', () => {
    view.toStart();
    expect(view.window).toEqual({ fromS: 0, toS: 300 });
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'stays within what is known, whatever the user does (seed %i)',
    seed => {
      const random = seeded(seed);
      const windows: IWindow[] = [];
      for (let step = 0; step < 200; step += 1) {
        const { fromS, toS } = view.window;
        const atS = fromS + random() * (toS - fromS);
        const actions = [
          () => {
            view.zoom(4 * random() + 0.01, atS);
          },
          () => {
            view.pan(4 * random() - 2);
          },
          () => {
            view.select(atS, atS + 50 * random());
          },
          () => {
            view.toStart();
          },
          () => {
            view.follow();
          }
        ];
        actions[Math.floor(random() * actions.length)]?.();
        windows.push(view.window);
      }
      const inside = windows.filter(
        ({ fromS, toS }) =>
          fromS > -1e-6 && toS < 1000 + 1e-6 && toS - fromS > 2 - 1e-6
      );
      expect(inside).toEqual(windows);
    }
  );
});
