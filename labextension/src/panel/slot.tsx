import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IAlarm } from '../model/alarm';
import type { IDeath } from '../wire/protocol';
import type { ChannelStatus } from '../wire/status';
import type { PanelAction } from './actions';
import { AlarmCard } from './alarm';
import { DeathCard } from './death';
import { Notice, describeStatus } from './notice';

/**
 * The one place under the gauge for what the user has to know: the death of the
 * kernel, else a warning, else why there is nothing to show.
 */
export function Slot(props: Slot.IProps): React.JSX.Element | null {
  const { status, death, alarm, isBusy, isBlind, isWaiting } = props;
  const { onAction, onOpen, trans } = props;
  if (death) {
    return (
      <DeathCard
        death={death}
        isDead={status.kind === 'lost' && status.reason === 'died'}
        onAction={onAction}
        onOpen={onOpen}
        trans={trans}
      />
    );
  }
  if (alarm) {
    return (
      <AlarmCard
        alarm={alarm}
        isBusy={isBusy}
        onAction={onAction}
        trans={trans}
      />
    );
  }
  const notice = describeStatus(status, { isBlind, isWaiting }, trans);
  return notice && <Notice {...notice} onAction={onAction} />;
}

export namespace Slot {
  export interface IProps {
    status: ChannelStatus;
    death: IDeath | null;
    alarm: IAlarm | null;
    /** Whether a cell is running. */
    isBusy: boolean;
    /** Whether the server cannot report the memory of a silent kernel. */
    isBlind: boolean;
    /** Whether something of the panel's waits for the running cell. */
    isWaiting: boolean;
    onAction: (action: PanelAction) => void;
    /** Show a cell in its notebook. */
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
  }
}
