import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Outcome } from '../model/outcome';
import { describeActed } from '../text/inspection';
import { describeUnloaded } from '../text/libraries';

/**
 * What came of the last action, with what else to know about it.
 */
export function OutcomeCard(props: OutcomeCard.IProps): React.JSX.Element {
  const { outcome, onUndo, onDismiss, trans } = props;
  return (
    <div
      className={`jp-Memkit-outcome${outcome.type === 'failed' ? ' jp-mod-failed' : ''}`}
      role="status"
      data-testid="memkit-outcome"
      data-outcome={outcome.type}
    >
      <div>{describe(outcome, trans)}</div>
      <div className="jp-Memkit-outcomeButtons">
        {onUndo && (
          <button type="button" className="jp-mod-styled" onClick={onUndo}>
            {trans.__('Undo')}
          </button>
        )}
        <button
          type="button"
          className="jp-mod-styled"
          title={trans.__('Dismiss the message')}
          onClick={onDismiss}
        >
          {trans.__('OK')}
        </button>
      </div>
    </div>
  );
}

export namespace OutcomeCard {
  export interface IProps {
    outcome: Outcome;
    /** Undo the action, `null` if that is impossible. */
    onUndo: (() => void) | null;
    onDismiss: () => void;
    trans: TranslationBundle;
  }
}

function describe(outcome: Outcome, trans: TranslationBundle): React.ReactNode {
  switch (outcome.type) {
    case 'acted':
      return (
        <>
          <p>{describeActed(outcome, trans)}</p>
          {outcome.holders.length > 0 && (
            <>
              <p>{trans.__('Its value is still held by:')}</p>
              <Lines lines={outcome.holders} />
            </>
          )}
          {outcome.remedies.length > 0 && (
            <>
              <p>{trans.__('To release it, run:')}</p>
              <Lines lines={outcome.remedies} />
            </>
          )}
        </>
      );
    case 'holders':
      return (
        <>
          <p>
            {outcome.chains.length === 0
              ? trans.__('No variable leads to the value of %1.', outcome.name)
              : trans.__('The value of %1 is held by:', outcome.name)}
          </p>
          <Lines
            lines={outcome.chains.map(({ text, holder }) =>
              holder === '' ? text : `${text} (${holder})`
            )}
          />
          {outcome.more > 0 && (
            <p>{trans.__('%1 more are not shown.', String(outcome.more))}</p>
          )}
          {!outcome.complete && (
            <p>{trans.__('The time limit was reached; there may be more.')}</p>
          )}
        </>
      );
    case 'unloaded':
      return (
        <>
          {describeUnloaded(outcome, trans).map(sentence => (
            <p key={sentence}>{sentence}</p>
          ))}
          {outcome.holders.length > 0 && (
            <>
              <p>{trans.__('They are held by:')}</p>
              <Lines lines={outcome.holders} />
            </>
          )}
          <p className="jp-Memkit-detail">
            {trans.__(
              'CPython rarely frees a library’s memory; %1 always frees all of it.',
              '%%isolated'
            )}
          </p>
        </>
      );
    case 'later':
      return (
        <p>{trans.__('A cell is running; ask again when it has ended.')}</p>
      );
    case 'failed':
      return (
        <p>
          {outcome.message ??
            trans.__('The kernel did not answer; restart it if it hangs.')}
        </p>
      );
  }
}

function Lines({ lines }: { lines: readonly string[] }): React.JSX.Element {
  return (
    <ul>
      {lines.map(line => (
        <li key={line}>
          <code>{line}</code>
        </li>
      ))}
    </ul>
  );
}
