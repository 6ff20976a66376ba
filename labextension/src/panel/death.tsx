import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatBytes, formatMoment } from '../text/format';
import { listLargest } from '../text/variables';
import type { IDeath } from '../wire/protocol';
import type { PanelAction } from './actions';
import { ActionButton } from './button';
import { CellLink } from './link';

const SIGKILL = 9;
const VARIABLES_MAX = 5;

/**
 * What is known of a kernel that died, until it is dismissed.
 */
export function DeathCard(props: DeathCard.IProps): React.JSX.Element {
  const { death, isDead, onAction, onOpen, trans } = props;
  const { cellId, executionCount, firstLine } = death;
  const largest = listLargest(death.variables, VARIABLES_MAX);
  const advice = adviceOn(death, trans);
  return (
    <div
      className="jp-Memkit-card jp-mod-error"
      role="alert"
      data-testid="memkit-death"
      data-cause={death.cause}
      data-rss-bytes={death.rssBytes}
    >
      <h3>{headline(death, trans)}</h3>
      <p>{describeSize(death, trans)}</p>
      {firstLine !== null && (
        <p>
          {trans.__('It was running')}{' '}
          <CellLink cellId={cellId} onOpen={onOpen} trans={trans}>
            [{executionCount ?? ' '}] <code>{firstLine}</code>
          </CellLink>
        </p>
      )}
      {largest !== '' && (
        <p>{trans.__('Largest variables before that cell: %1', largest)}</p>
      )}
      {advice !== null && <p>{advice}</p>}
      <div className="jp-Memkit-buttons">
        {isDead && (
          <ActionButton action="restart" isMain onAction={onAction}>
            {trans.__('Restart kernel')}
          </ActionButton>
        )}
        <ActionButton
          action="dismiss-death"
          testId="memkit-dismiss"
          onAction={onAction}
        >
          {trans.__('Dismiss')}
        </ActionButton>
      </div>
    </div>
  );
}

export namespace DeathCard {
  export interface IProps {
    death: IDeath;
    /** Whether no other process has replaced it. */
    isDead: boolean;
    onAction: (action: PanelAction) => void;
    /** Show a cell in its notebook. */
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
  }
}

function headline(death: IDeath, trans: TranslationBundle): string {
  const at = formatMoment(death.seenS);
  switch (death.cause) {
    case 'memory':
      return trans.__(
        'The system killed the kernel because memory ran out at %1',
        at
      );
    case 'signal':
      return death.signal === SIGKILL
        ? trans.__('The kernel was killed at %1', at)
        : trans.__(
            'The kernel ended by signal %1 at %2',
            death.signal ?? '?',
            at
          );
    case 'exit':
      return trans.__(
        'The kernel ended by itself with status %1 at %2',
        death.exitStatus ?? '?',
        at
      );
    case 'unknown':
      return trans.__('The kernel ended without a clean shutdown at %1', at);
  }
}

/**
 * The memory when the kernel was last seen, and how fast it grew.
 */
function describeSize(death: IDeath, trans: TranslationBundle): string {
  const { rssBytes, childrenBytes, limitBytes, limitName } = death;
  const size = formatBytes(rssBytes + childrenBytes);
  const ofLimit =
    limitBytes === null
      ? trans.__('It last reported %1', size)
      : trans.__(
          'It last reported %1 of %2 (%3)',
          size,
          formatBytes(limitBytes),
          limitName ?? ''
        );
  return death.growthBytesPerS >= 1024 ** 2
    ? trans.__(
        '%1, growing by %2 a second.',
        ofLimit,
        formatBytes(death.growthBytesPerS)
      )
    : trans.__('%1.', ofLimit);
}

/**
 * How to keep the next kernel alive, `null` if memory was not the cause.
 */
function adviceOn(death: IDeath, trans: TranslationBundle): string | null {
  if (death.cause === 'memory') {
    return trans.__(
      'Run %1 at the top of the notebook: it stops the cell, and the kernel keeps running.',
      '%memguard auto'
    );
  }
  const isPossible =
    death.cause === 'unknown' ||
    (death.cause === 'signal' && death.signal === SIGKILL);
  return isPossible
    ? trans.__(
        'If memory was the cause, %1 at the top of the notebook stops the cell instead.',
        '%memguard auto'
      )
    : null;
}
