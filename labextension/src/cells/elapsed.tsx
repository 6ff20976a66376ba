import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import { formatDuration } from '../text/format';

/**
 * The time on the kernel's clock, and a signal while it is shown.
 */
export interface IShownClock {
  readonly nowS: number;
  readonly ticked: ISignal<unknown, void>;
}

/**
 * The time that has passed since a cell started.
 *
 * It writes its text itself, so that a tick renders nothing.
 */
export function Elapsed(props: Elapsed.IProps): React.JSX.Element {
  const { startedS, clock } = props;
  const span = React.useRef<HTMLSpanElement>(null);
  React.useLayoutEffect(() => {
    const text = document.createTextNode('');
    const show = (): void => {
      text.data = formatDuration(Math.max(0, clock.nowS - startedS));
    };
    show();
    span.current?.append(text);
    clock.ticked.connect(show);
    return () => {
      clock.ticked.disconnect(show);
      text.remove();
    };
  }, [startedS, clock]);
  return <span ref={span} />;
}

export namespace Elapsed {
  export interface IProps {
    startedS: number;
    clock: IShownClock;
  }
}
