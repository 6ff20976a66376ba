import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatSaving } from '../text/inspection';
import type { IHint } from '../wire/protocol';

/**
 * What to do with a cure: insert it as a cell, insert it and run it, or copy it.
 */
export type CureUse = 'insert' | 'run' | 'copy';

/**
 * The hints, each with its cure.
 */
export const HintList = React.memo(function HintList(
  props: HintList.IProps
): React.JSX.Element {
  const { hints, isComplete, trans } = props;
  return (
    <>
      {hints.length === 0 && (
        <p className="jp-Memkit-empty">
          {trans.__('No hints: nothing stands out.')}
        </p>
      )}
      <ul className="jp-Memkit-hints" data-testid="memkit-hints">
        {hints.map(hint => (
          <li key={`${hint.name} ${hint.cure}`} data-hint={hint.name}>
            <Hint {...props} hint={hint} />
          </li>
        ))}
      </ul>
      {!isComplete && (
        <p className="jp-Memkit-empty">
          {trans.__(
            'The time limit was reached; %1 searches longer.',
            '%memkit advice'
          )}
        </p>
      )}
    </>
  );
});

export namespace HintList {
  export interface IProps {
    hints: readonly IHint[];
    /** Whether the search was completed. */
    isComplete: boolean;
    onApply: (cure: string, use: CureUse) => void;
    trans: TranslationBundle;
  }
}

function Hint(props: HintList.IProps & { hint: IHint }): React.JSX.Element {
  const { hint, onApply, trans } = props;
  const { name, found, cure, isRunnable } = hint;
  const button = (
    use: CureUse,
    label: string,
    title: string
  ): React.JSX.Element => (
    <button
      type="button"
      className={`jp-mod-styled${use === 'insert' ? ' jp-mod-accept' : ''}`}
      data-use={use}
      title={title}
      aria-label={`${label}: ${cure}`}
      onClick={() => {
        onApply(cure, use);
      }}
    >
      {label}
    </button>
  );
  return (
    <>
      <p>
        <code>{name}</code> <strong>{formatSaving(hint, trans)}</strong>
      </p>
      <p className="jp-Memkit-detail">{found}</p>
      <pre className="jp-Memkit-cure">{cure}</pre>
      <div className="jp-Memkit-cureButtons">
        {isRunnable &&
          button(
            'insert',
            trans.__('Insert'),
            trans.__('Insert this as a cell below the active one')
          )}
        {isRunnable &&
          button(
            'run',
            trans.__('Run'),
            trans.__('Insert this as a cell below the active one, and run it')
          )}
        {button(
          'copy',
          trans.__('Copy'),
          trans.__('Copy this to the clipboard')
        )}
      </div>
    </>
  );
}
