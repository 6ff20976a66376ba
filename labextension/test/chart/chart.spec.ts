import { describe, expect, it } from 'vitest';

import { fade } from '../../src/chart/palette';
import { part } from '../fakes/render';
import { MEBIBYTE } from './history';
import { CELL, dataOf, frame, READINGS, useStage } from './stage';

const stage = useStage();

describe('MemoryChart', () => {
  it('reads and draws once for many changes in a frame', async () => {
    for (let change = 0; change < 5; change += 1) {
      stage().chart.update();
    }
    expect(stage().host.querySelectorAll('canvas').length).toBe(0);
    await frame();
    expect(stage().host.querySelectorAll('canvas').length).toBe(1);
    expect(stage().reads).toEqual([300]);
  });

  it('shades the cells in tints that differ, and names them', async () => {
    await stage().show(
      dataOf(READINGS, {
        cells: [
          CELL,
          { ...CELL, executionCount: 6, fromS: 130, toS: 150 },
          { ...CELL, executionCount: 7, fromS: 150, toS: 150.1 }
        ]
      })
    );
    expect(stage().context.drawn('fillRect').length).toBe(3);
    const labels = stage()
      .context.drawn('fillText')
      .map(([label]) => label);
    expect(labels).toEqual(expect.arrayContaining(['[5]', '[6]']));
    // There is no room for it.
    expect(labels).not.toContain('[7]');
  });

  it('marks the limit by a dashed line', async () => {
    await stage().show(dataOf(READINGS, { limitBytes: 400 * MEBIBYTE }));
    expect(stage().context.drawn('setLineDash')).toContainEqual([[4, 3]]);
  });

  it.each([
    ['no child process ever was', 0, false],
    ['there was one', MEBIBYTE, true]
  ])('draws their area only if: %s', async (_name, childrenBytes, isDrawn) => {
    await stage().show(
      dataOf(READINGS.map(each => ({ ...each, childrenBytes })))
    );
    // The theme of this page has no colours; the opacity identifies the area.
    const colours = stage().context.drawn('fill').flat();
    expect(colours.includes('rgba(0, 0, 0, 0.32)')).toBe(isDrawn);
    expect(colours).toContain('rgba(0, 0, 0, 0.28)');
    expect(stage().drawn.at(-1)).toEqual({
      hasChildren: isDrawn,
      hasGpu: false
    });
  });

  it('draws the memory on GPUs unless it is hidden', async () => {
    const dashes = (): unknown[][] =>
      stage()
        .context.drawn('setLineDash')
        .filter(([dash]) => String(dash) === '5,3');
    await stage().show(
      dataOf(READINGS.map(each => ({ ...each, gpuBytes: MEBIBYTE })))
    );
    expect(stage().drawn.at(-1)?.hasGpu).toBe(true);
    expect(dashes().length).toBeGreaterThan(0);
    stage().context.calls.length = 0;
    stage().chart.showsGpu = false;
    await frame();
    expect(dashes()).toEqual([]);
  });

  it('begins to draw child processes when there are some', async () => {
    await stage().show();
    stage().context.calls.length = 0;
    await stage().show(
      dataOf(READINGS.map(each => ({ ...each, childrenBytes: MEBIBYTE })))
    );
    expect(stage().context.drawn('fill').flat()).toContain(
      'rgba(0, 0, 0, 0.32)'
    );
  });

  it('describes the column under the cursor, and updates it', async () => {
    await stage().show();
    stage().pointAt(0.25);
    await frame();
    expect(stage().readout).toMatch(/100\.0 MiB · highest 200\.0 MiB · \[5\]$/);
    await stage().show(dataOf([{ tS: 115, rssBytes: 7 * MEBIBYTE }]));
    expect(stage().readout).toMatch(/ · 7\.0 MiB · \[5\]$/);
    stage().mouse('mouseleave', 0.25);
    await frame();
    expect(stage().readout).toBe('');
  });

  it('does not read aloud what the mouse points at', async () => {
    await stage().show();
    stage().pointAt(0.25);
    await frame();
    expect(stage().spoken).toBe('');
  });

  it('draws nothing, and reads nothing, if there is no room', async () => {
    stage().resize(0, 200);
    await stage().show();
    expect(stage().host.querySelector('canvas')).toBeNull();
    expect(stage().reads).toEqual([]);
  });

  it('fills its element when that changes', async () => {
    await stage().show();
    stage().resize(480, 333);
    await stage().show();
    const { style } = part(stage().host, '.u-wrap');
    expect([style.width, style.height]).toEqual(['480px', '333px']);
    expect(stage().reads).toEqual([300, 480]);
  });

  it('shows empty axes without any data', async () => {
    await stage().show(null);
    expect(stage().host.querySelectorAll('canvas').length).toBe(1);
    await stage().show(dataOf([], { cells: [] }));
    await stage().show(dataOf());
    expect(stage().context.drawn('fillRect').length).toBeGreaterThan(0);
  });

  it('uses the colours of a new theme', async () => {
    await stage().show();
    const before = stage().host.querySelector('canvas');
    document.body.dataset['jpThemeName'] = 'Dark';
    await frame();
    const after = stage().host.querySelector('canvas');
    expect(after).not.toBeNull();
    expect(after).not.toBe(before);
  });

  it('empties its element and stops drawing', async () => {
    await stage().show();
    stage().chart.update();
    stage().chart.destroy();
    stage().press('Home');
    await frame();
    expect(stage().host.innerHTML).toBe('');
    expect(stage().reads.length).toBe(1);
  });
});

describe('fade', () => {
  it.each([
    ['#102030', 'rgba(16, 32, 48, 0.5)'],
    ['rgba(0, 0, 0, 0.5)', 'rgba(0, 0, 0, 0.25)']
  ])('makes %s translucent', (colour, faded) => {
    expect(fade(colour, 0.5)).toBe(faded);
  });
});
