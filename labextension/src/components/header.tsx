import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatDuration } from '../format';

/**
 * What is shown, and whether it computes.
 */
export function Header(props: Header.IProps): React.JSX.Element {
  const { name, isBusy, elapsedS, trans } = props;
  return (
    <header className="jp-Memkit-header">
      <h2 title={name}>{name || trans.__('Memory')}</h2>
      {isBusy !== null && (
        <span
          className={`jp-Memkit-state${isBusy ? ' jp-mod-busy' : ''}`}
          data-testid={isBusy ? 'memkit-running' : 'memkit-idle'}
        >
          {isBusy ? trans.__('Running') : trans.__('Idle')}
          {elapsedS !== null && (
            <span className="jp-Memkit-elapsed">
              {formatDuration(elapsedS)}
            </span>
          )}
        </span>
      )}
    </header>
  );
}

export namespace Header {
  export interface IProps {
    name: string;
    /** Whether a cell runs, `null` when nobody knows. */
    isBusy: boolean | null;
    /** How long the cell has been running, `null` when that is not known. */
    elapsedS: number | null;
    trans: TranslationBundle;
  }
}
