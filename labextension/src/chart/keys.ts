import type { View } from './view';

/**
 * What the keyboard does with the chart.
 */
export interface IKeyTarget {
  readonly view: View;
  readonly cursorS: number | null;
  stepCursor(direction: 1 | -1): void;
  stepCell(direction: 1 | -1): void;
  hideCursor(): void;
  open(tS: number): void;
}

const PAN_SHARE = 0.2;
const ZOOM_FACTOR = 0.6;

const ACTIONS: Readonly<Record<string, (target: IKeyTarget) => void>> = {
  ArrowLeft: ({ view }) => {
    view.pan(-PAN_SHARE);
  },
  ArrowRight: ({ view }) => {
    view.pan(PAN_SHARE);
  },
  'Shift ArrowLeft': target => {
    target.stepCursor(-1);
  },
  'Shift ArrowRight': target => {
    target.stepCursor(1);
  },
  ArrowUp: target => {
    target.stepCell(-1);
  },
  ArrowDown: target => {
    target.stepCell(1);
  },
  '+': target => {
    zoom(target, ZOOM_FACTOR);
  },
  // The key of "+" without Shift on many keyboards.
  '=': target => {
    zoom(target, ZOOM_FACTOR);
  },
  '-': target => {
    zoom(target, 1 / ZOOM_FACTOR);
  },
  Home: ({ view }) => {
    view.toStart();
  },
  End: ({ view }) => {
    view.follow();
  },
  Escape: target => {
    target.hideCursor();
    target.view.follow();
  },
  Enter: target => {
    if (target.cursorS !== null) {
      target.open(target.cursorS);
    }
  }
};

/**
 * Let the keyboard act while an element has the focus.
 *
 * @returns A function that undoes it.
 */
export function bindKeys(host: HTMLElement, target: IKeyTarget): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  const onKey = (event: KeyboardEvent): void => {
    const isArrow = event.shiftKey && event.key.startsWith('Arrow');
    const action = ACTIONS[isArrow ? `Shift ${event.key}` : event.key];
    if (action && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      event.stopPropagation();
      action(target);
    }
  };
  const onBlur = (): void => {
    target.hideCursor();
  };
  host.addEventListener('keydown', onKey, { signal });
  host.addEventListener('blur', onBlur, { signal });
  return () => {
    listening.abort();
  };
}

/** Around the cursor, or the end while the present is followed. */
function zoom({ view, cursorS }: IKeyTarget, factor: number): void {
  const { fromS, toS } = view.window;
  const middleS = (fromS + toS) / 2;
  view.zoom(factor, cursorS ?? (view.isLive ? toS : middleS));
}
