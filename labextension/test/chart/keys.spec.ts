import { describe, expect, it } from 'vitest';

import { CELL, dataOf, frame, READINGS, useStage } from './stage';

const stage = useStage();

describe('The keyboard', () => {
  it.each([
    ['ArrowLeft', 88, 148],
    ['+', 124, 160],
    ['=', 124, 160],
    ['-', 60, 160],
    ['Home', 0, 60]
  ])('moves the view by %s', async (key, fromS, toS) => {
    await stage().show();
    expect(stage().press(key)).toBe(false);
    expect(stage().view.window.fromS).toBeCloseTo(fromS);
    expect(stage().view.window.toS).toBeCloseTo(toS);
  });

  it('pans to the right', async () => {
    stage().view.select(0, 60);
    await stage().show();
    stage().press('ArrowRight');
    expect(stage().view.window).toEqual({ fromS: 12, toS: 72 });
  });

  it.each(['End', 'Escape'])('returns to the present by %s', async key => {
    stage().view.select(0, 60);
    await stage().show();
    stage().press(key);
    expect(stage().view.isLive).toBe(true);
  });

  it('leaves other keys, and shortcuts, to the page', async () => {
    await stage().show();
    expect(stage().press('a')).toBe(true);
    expect(stage().press('Home', { ctrlKey: true })).toBe(true);
    expect(stage().view.isLive).toBe(true);
  });

  it('moves a cursor, whose column is read aloud', async () => {
    await stage().show();
    stage().press('ArrowLeft', { shiftKey: true });
    await frame();
    expect(stage().spoken).toMatch(/ · 120\.0 MiB$/);
    for (let step = 0; step < 100; step += 1) {
      stage().press('ArrowLeft', { shiftKey: true });
    }
    expect(stage().spoken).toMatch(/ · 80\.0 MiB$/);
    stage().press('ArrowRight', { shiftKey: true });
    expect(stage().chart.cursorS).toBeGreaterThan(100);
  });

  it('goes from cell to cell, and opens one', async () => {
    const cells = [
      { ...CELL, cellId: 'cell-4', executionCount: 4, fromS: 100, toS: 105 },
      CELL,
      { ...CELL, cellId: 'cell-6', executionCount: 6, fromS: 140, toS: 150 }
    ];
    await stage().show(dataOf(READINGS, { cells }));
    for (const key of ['Enter', 'ArrowUp', 'Enter', 'ArrowUp', 'Enter']) {
      stage().press(key);
    }
    stage().press('ArrowUp');
    stage().press('ArrowUp');
    stage().press('Enter');
    stage().press('ArrowDown');
    stage().press('Enter');
    expect(stage().opened).toEqual(['cell-6', 'cell-5', 'cell-4', 'cell-5']);
    expect(stage().spoken).toMatch(/\[5\]$/);
  });

  it('hides the cursor when the focus leaves', async () => {
    await stage().show();
    stage().press('ArrowUp');
    expect(stage().chart.cursorS).not.toBeNull();
    stage().host.dispatchEvent(new FocusEvent('blur'));
    expect(stage().chart.cursorS).toBeNull();
    expect(stage().spoken).toBe('');
  });
});
