import { describe, expect, it, vi } from 'vitest';

import { part } from '../fakes/render';
import { frame, useStage } from './stage';

const stage = useStage();

describe('The mouse', () => {
  it('selects a range by dragging', async () => {
    await stage().show();
    stage().pointAt(0.25);
    stage().mouse('mousedown', 0.25);
    stage().mouse('mousemove', 0.75);
    await frame();
    stage().mouse('mouseup', 0.75);
    await frame();
    expect(stage().view.window.fromS).toBeCloseTo(115);
    expect(stage().view.window.toS).toBeCloseTo(145);
    expect(part(stage().host, '.u-select').style.width).toBe('0px');
    expect(stage().opened).toEqual([]);
  });

  it('pans by dragging with Shift, and selects nothing', async () => {
    await stage().show();
    stage().mouse('mousedown', 0.5, { shiftKey: true });
    stage().mouse('mousemove', 0.75, { shiftKey: true });
    stage().mouse('mouseup', 0.75, { shiftKey: true });
    stage().mouse('mousemove', 0.9);
    expect(stage().view.window.fromS).toBeCloseTo(85);
    expect(stage().view.window.toS).toBeCloseTo(145);
    stage().mouse('click', 0.75, { shiftKey: true });
    await frame();
    expect(stage().opened).toEqual([]);
  });

  it.each([
    ['zooms in around the pointer', 0, -500, 118.96, 141.04],
    ['zooms out', 0, 200, 70.53, 160],
    ['pans if it is horizontal', -57.5, 0, 85, 145]
  ])('%s by the wheel', async (_name, deltaX, deltaY, fromS, toS) => {
    await stage().show();
    const over = stage().area;
    const clientX = 0.5 * parseFloat(over.style.width);
    const event = new WheelEvent('wheel', { deltaX, deltaY, cancelable: true });
    // The page of the tests has no place for a wheel.
    Object.defineProperty(event, 'clientX', { value: clientX });
    over.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
    expect(stage().view.window.fromS).toBeCloseTo(fromS, 1);
    expect(stage().view.window.toS).toBeCloseTo(toS, 1);
  });

  it('opens the cell of a band', async () => {
    await stage().show();
    stage().clickAt(0.3);
    await frame();
    expect(stage().opened).toEqual(['cell-5']);
  });

  it('opens nothing beside the bands', async () => {
    await stage().show();
    stage().clickAt(0.9);
    await frame();
    expect(stage().opened).toEqual([]);
  });

  it('shows that a band leads somewhere', async () => {
    await stage().show();
    stage().pointAt(0.3);
    await frame();
    expect(stage().area.classList.contains('jp-mod-link')).toBe(true);
    stage().pointAt(0.9);
    await frame();
    expect(stage().area.classList.contains('jp-mod-link')).toBe(false);
  });

  it('returns to the present by a double click, and opens no cell', async () => {
    stage().view.select(100, 130);
    await stage().show();
    stage().clickAt(0.5);
    stage().mouse('click', 0.5, { detail: 2 });
    stage().mouse('dblclick', 0.5, { detail: 2 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(stage().view.isLive).toBe(true);
    expect(stage().opened).toEqual([]);
  });

  it('has the text beside the pointer, not over it', async () => {
    await stage().show();
    const side = (share: number): string => {
      stage().pointAt(share);
      const { classList } = part(stage().host, '.jp-Memkit-readout');
      return classList.contains('jp-mod-left') ? 'left' : 'right';
    };
    expect([side(0.2), side(0.8)]).toEqual(['right', 'left']);
  });
});
