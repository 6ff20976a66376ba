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
 * The one place under the gauge for what the user has to know: a warning, else the
 * death of an earlier process, and why there is nothing to show.
 *
 * A death is shown until it is dismissed, however long the next process has been
 * running, so it hides nothing about that one.
 */
export function Slot(props: Slot.IProps): React.JSX.Element {
  const { status, death, alarm, isBusy, isBlind, isWaiting } = props;
  const { onAction, onOpen, trans } = props;
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
  const isDead = status.kind === 'lost' && status.reason === 'died';
  const notice = describeStatus(status, { isBlind, isWaiting }, trans);
  // The card says that the kernel has died; beside it, only what can be done.
  const isNews = !death || (!isDead && (notice?.action ?? null) !== null);
  return (
    <>
      {death && (
        <DeathCard
          death={death}
          isDead={isDead}
          onAction={onAction}
          onOpen={onOpen}
          trans={trans}
        />
      )}
      {notice && isNews && <Notice {...notice} onAction={onAction} />}
    </>
  );
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
