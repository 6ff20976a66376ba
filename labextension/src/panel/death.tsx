import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatBytes, formatMoment } from '../text/format';
import { listLargest } from '../text/variables';
import type { IDeath } from '../wire/protocol';
import type { StatusAction } from '../wire/status';

const SIGKILL = 9;
const VARIABLES_MAX = 5;

/**
 * What is known of a kernel that died, until it is dismissed.
 */
export function DeathCard(props: DeathCard.IProps): React.JSX.Element {
  const { death, isDead, onAction, onOpen, trans } = props;
  const { cellId, executionCount, firstLine } = death;
  const largest = listLargest(death.variables, VARIABLES_MAX);
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
          <CellLink
            cellId={cellId}
            executionCount={executionCount}
            firstLine={firstLine}
            onOpen={onOpen}
            trans={trans}
          />
        </p>
      )}
      {largest !== '' && (
        <p>{trans.__('Largest variables before that cell: %1', largest)}</p>
      )}
      {death.cause !== 'exit' && (
        <p className="jp-Memkit-advice">
          {trans.__(
            'Run %1 at the top of the notebook: it stops the cell, and the kernel lives.',
            '%memguard auto'
          )}
        </p>
      )}
      <div className="jp-Memkit-buttons">
        {isDead && (
          <button
            type="button"
            className="jp-mod-styled jp-mod-accept"
            data-action="restart"
            onClick={() => {
              onAction('restart');
            }}
          >
            {trans.__('Restart kernel')}
          </button>
        )}
        <button
          type="button"
          className="jp-mod-styled"
          data-testid="memkit-dismiss"
          onClick={() => {
            onAction('dismiss-death');
          }}
        >
          {trans.__('Dismiss')}
        </button>
      </div>
    </div>
  );
}

export namespace DeathCard {
  export interface IProps {
    death: IDeath;
    /** Whether no other process has replaced it. */
    isDead: boolean;
    onAction: (action: StatusAction) => void;
    /** Show a cell in its notebook. */
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
  }
}

function headline(death: IDeath, trans: TranslationBundle): string {
  const at = formatMoment(death.seenS);
  switch (death.cause) {
    case 'memory':
      return trans.__('The system killed the kernel for memory at %1', at);
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

function CellLink(
  props: Pick<DeathCard.IProps, 'onOpen' | 'trans'> & {
    cellId: string | null;
    executionCount: number | null;
    firstLine: string;
  }
): React.JSX.Element {
  const { cellId, executionCount, firstLine, onOpen, trans } = props;
  const name = (
    <>
      [{executionCount ?? ' '}] <code>{firstLine}</code>
    </>
  );
  return cellId === null ? (
    <span>{name}</span>
  ) : (
    <button
      type="button"
      className="jp-Memkit-link"
      title={trans.__('Go to the cell')}
      onClick={() => {
        onOpen(cellId);
      }}
    >
      {name}
    </button>
  );
}
