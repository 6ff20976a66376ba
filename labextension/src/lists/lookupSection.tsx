import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import type { Inspection } from '../model/inspection';
import type { LookupFault } from '../model/lookup';
import type { Sidebar } from '../model/sidebar';
import { SidebarRenderer } from '../renderer';
import { OutcomeCard } from './outcome';

/**
 * A section whose content is asked of the kernel while it is open.
 */
export abstract class LookupSection extends SidebarRenderer {
  constructor(
    sidebar: Sidebar,
    kind: LookupSection.Kind,
    trans: TranslationBundle
  ) {
    super(sidebar);
    this._sidebar = sidebar;
    this._kind = kind;
    this._trans = trans;
    this.addClass('jp-Memkit-lookupSection');
  }

  /**
   * Render the answer, if there is one.
   */
  protected abstract renderAnswer(
    inspection: Inspection
  ): React.JSX.Element | null;

  /**
   * Render what is next to the button that asks again.
   */
  protected abstract renderControls(
    inspection: Inspection
  ): React.JSX.Element | null;

  /**
   * Return what undoes the last action, `null` if nothing does.
   */
  protected abstract undo(inspection: Inspection): (() => void) | null;

  protected override render(): React.JSX.Element | null {
    const { model, isKernelKnown } = this._sidebar;
    if (!model || !isKernelKnown) {
      return null;
    }
    const { inspection, isBusy } = model;
    const lookup = inspection[this._kind];
    const state = describe(lookup, isBusy);
    return (
      <>
        <div className="jp-Memkit-lookupHeader">
          {this.renderControls(inspection)}
          <button
            type="button"
            className="jp-mod-styled"
            disabled={state === 'unsupported'}
            title={this._trans.__('List again when no cell is running')}
            onClick={() => {
              lookup.refresh();
              this.update();
            }}
          >
            {this._trans.__('Refresh')}
          </button>
        </div>
        <p className="jp-Memkit-lookupState" role="status">
          {this._explain(state)}
        </p>
        {lookup.outcome && (
          <OutcomeCard
            outcome={lookup.outcome}
            onUndo={this.undo(inspection)}
            onDismiss={() => {
              lookup.outcome = null;
            }}
            trans={this._trans}
          />
        )}
        {this.renderAnswer(inspection)}
      </>
    );
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._sidebar.setActive(this._kind, this.isVisible);
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._sidebar.setActive(this._kind, true);
  }

  protected override onBeforeHide(message: Message): void {
    super.onBeforeHide(message);
    this._sidebar.setActive(this._kind, false);
  }

  protected override onBeforeDetach(message: Message): void {
    super.onBeforeDetach(message);
    this._sidebar.setActive(this._kind, false);
  }

  private _explain(state: State): string {
    const trans = this._trans;
    switch (state) {
      case 'shown':
        return '';
      case 'after-cell':
        return trans.__('Updated after this cell');
      case 'asking':
        return trans.__('Waiting for the kernel…');
      case 'outdated':
        return trans.__('Updated in a few seconds');
      case 'on-demand':
        return trans.__('May have changed since; refresh to list again');
      case 'failed':
        return trans.__('The kernel did not answer; refresh to ask again');
      case 'unsupported':
        return trans.__(
          'The version of jupyter_memkit in the kernel cannot answer; run ' +
            '%pip install --upgrade jupyter_memkit, and restart the kernel'
        );
    }
  }

  private readonly _sidebar: Sidebar;
  private readonly _kind: LookupSection.Kind;
  private readonly _trans: TranslationBundle;
}

export namespace LookupSection {
  /**
   * What is asked.
   */
  export type Kind = 'variables' | 'hints' | 'libraries';
}

type State =
  LookupFault | 'shown' | 'after-cell' | 'asking' | 'outdated' | 'on-demand';

function describe(
  {
    fault,
    answer,
    isOutdated,
    isOnDemand,
    isAwaited
  }: Inspection[LookupSection.Kind],
  isBusy: boolean
): State {
  if (fault !== null) {
    return fault;
  }
  if (isOnDemand && !isAwaited) {
    return isOutdated ? 'on-demand' : 'shown';
  }
  if (isBusy) {
    return 'after-cell';
  }
  if (answer === null) {
    return 'asking';
  }
  return isOutdated ? 'outdated' : 'shown';
}
