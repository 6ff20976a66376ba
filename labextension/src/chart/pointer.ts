import type uPlot from 'uplot';

import type { View } from './view';

/**
 * What the mouse does with the chart.
 */
export interface IPointerTarget {
  readonly view: View;
  open(tS: number): void;
}

const DRAG_MIN_PX = 4;
const ZOOM_BASE = 1.002;
const LINE_PX = 16;
const DOUBLE_CLICK_MS = 250;

/**
 * A cursor of uPlot that selects a range by dragging; with Shift it does not.
 */
export function selectCursor(view: View): uPlot.Cursor {
  return {
    y: false,
    points: { size: 7 },
    drag: { x: true, y: false, setScale: false, dist: DRAG_MIN_PX },
    bind: {
      mousedown: (_plot, _target, handler) => event => {
        if (event.button === 0 && !event.shiftKey) {
          handler(event);
        }
        return null;
      },
      dblclick: () => () => {
        view.follow();
        return null;
      }
    }
  };
}

/**
 * Zoom by the wheel, pan by dragging with Shift, and open a cell by a click.
 *
 * The listeners are gone with the plot.
 */
export function bindPointer(plot: uPlot, target: IPointerTarget): void {
  const { over } = plot;
  const { view } = target;
  over.addEventListener(
    'wheel',
    event => {
      event.preventDefault();
      const pixels =
        event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        view.pan((pixels * event.deltaX) / over.clientWidth);
      } else if (event.deltaY !== 0) {
        view.zoom(ZOOM_BASE ** (pixels * event.deltaY), timeAt(event));
      }
    },
    { passive: false }
  );
  over.addEventListener('mousedown', event => {
    if (event.button === 0 && event.shiftKey) {
      pan(event);
    }
  });
  let opening: ReturnType<typeof setTimeout> | undefined;
  over.addEventListener('click', event => {
    clearTimeout(opening);
    const tS = timeAt(event);
    if (event.shiftKey || event.detail > 1) {
      return;
    }
    // A second click would return to the present.
    opening = setTimeout(
      () => {
        target.open(tS);
      },
      view.isLive ? 0 : DOUBLE_CLICK_MS
    );
  });

  function timeAt({ clientX }: MouseEvent): number {
    const { left, width } = over.getBoundingClientRect();
    const { fromS, toS } = view.window;
    return fromS + ((clientX - left) / width) * (toS - fromS);
  }

  function pan({ clientX }: MouseEvent): void {
    const ending = new AbortController();
    const { signal } = ending;
    let lastX = clientX;
    const onMove = (event: MouseEvent): void => {
      view.pan((lastX - event.clientX) / over.clientWidth);
      lastX = event.clientX;
    };
    document.addEventListener('mousemove', onMove, { signal });
    document.addEventListener(
      'mouseup',
      () => {
        ending.abort();
      },
      { signal }
    );
  }
}
