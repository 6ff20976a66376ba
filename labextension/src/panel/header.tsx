import type { TranslationBundle } from '@jupyterlab/translation';
import { ellipsesIcon, stopIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { formatDuration } from '../text/format';

/**
 * What is shown, the state of its kernel, and the way to interrupt it.
 */
export function Header(props: Header.IProps): React.JSX.Element {
  const { name, state, elapsedS, onInterrupt, onMenu, trans } = props;
  return (
    <div className="jp-Memkit-header">
      <h2 title={name}>{name || trans.__('Memory')}</h2>
      {state && (
        <span
          className={`jp-Memkit-state jp-mod-${state}`}
          data-testid={`memkit-${state}`}
        >
          <span className="jp-Memkit-stateName">{describe(state, trans)}</span>
          {elapsedS !== null && (
            <span className="jp-Memkit-elapsed">
              {formatDuration(elapsedS)}
            </span>
          )}
        </span>
      )}
      {state === 'running' && (
        <button
          type="button"
          className="jp-Memkit-iconButton"
          data-testid="memkit-interrupt"
          title={trans.__('Interrupt the kernel')}
          aria-label={trans.__('Interrupt the kernel')}
          onClick={onInterrupt}
        >
          <stopIcon.react tag="span" />
        </button>
      )}
      <button
        type="button"
        className="jp-Memkit-iconButton"
        data-testid="memkit-menu"
        title={trans.__('More')}
        aria-label={trans.__('More')}
        aria-haspopup="menu"
        onClick={event => {
          onMenu(event.currentTarget);
        }}
      >
        <ellipsesIcon.react tag="span" />
      </button>
    </div>
  );
}

export namespace Header {
  export type State = 'idle' | 'running' | 'ended';

  export interface IProps {
    name: string;
    /** The state of the kernel, `null` if unknown. */
    state: State | null;
    /** How long the cell has been running, `null` if unknown. */
    elapsedS: number | null;
    onInterrupt: () => void;
    /** Open the menu below its button. */
    onMenu: (button: HTMLElement) => void;
    trans: TranslationBundle;
  }
}

function describe(state: Header.State, trans: TranslationBundle): string {
  switch (state) {
    case 'idle':
      return trans.__('Idle');
    case 'running':
      return trans.__('Running');
    case 'ended':
      return trans.__('Ended');
  }
}
