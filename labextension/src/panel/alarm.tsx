import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IAlarm } from '../model/alarm';
import { describeAlarm } from '../text/alarm';
import type { PanelAction } from './actions';
import { ActionButton } from './button';

/**
 * The warning that memory is close to the limit, while it is.
 */
export function AlarmCard(props: AlarmCard.IProps): React.JSX.Element {
  const { alarm, isBusy, onAction, trans } = props;
  return (
    <div
      className="jp-Memkit-card jp-mod-warning"
      role="status"
      data-testid="memkit-alarm"
    >
      <p>{describeAlarm(alarm, trans)}</p>
      <div className="jp-Memkit-buttons">
        {isBusy && (
          <ActionButton action="interrupt" onAction={onAction}>
            {trans.__('Interrupt')}
          </ActionButton>
        )}
        <ActionButton
          action="free"
          title={trans.__('Run %1 after the running cell', '%memfree')}
          onAction={onAction}
        >
          {trans.__('Free memory')}
        </ActionButton>
      </div>
    </div>
  );
}

export namespace AlarmCard {
  export interface IProps {
    alarm: IAlarm;
    /** Whether a cell is running. */
    isBusy: boolean;
    onAction: (action: PanelAction) => void;
    trans: TranslationBundle;
  }
}
