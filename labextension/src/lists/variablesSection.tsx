import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type {
  Inspection,
  VariableAction,
  VariableKey
} from '../model/inspection';
import type { Sidebar } from '../model/sidebar';
import { LookupSection } from './lookupSection';
import type { IListedVariable } from '../wire/protocol';
import type { VariableOrder, VariableOrderKey } from './variableOrder';
import { LARGEST_FIRST, reorderVariables } from './variableOrder';
import { OutcomeCard } from './outcome';
import { VariableTable } from './variableTable';

/**
 * The section of the panel with the variables.
 */
export class VariablesSection extends LookupSection {
  constructor(options: VariablesSection.IOptions) {
    super(options.sidebar, 'variables', options.trans);
    this._options = options;
    this.id = 'jupyter-memkit-variables';
    this.title.label = options.trans.__('Variables');
  }

  protected override renderControls({
    variables
  }: Inspection): React.JSX.Element | null {
    const { trans } = this._options;
    return (
      variables.answer && (
        <input
          type="search"
          className="jp-Memkit-filter jp-mod-styled"
          placeholder={trans.__('Filter by name or type')}
          aria-label={trans.__('Filter the variables')}
          defaultValue={this._filter}
          onInput={event => {
            this._filter = event.currentTarget.value;
            this.update();
          }}
        />
      )
    );
  }

  protected override renderAnswer(
    inspection: Inspection
  ): React.JSX.Element | null {
    const { onVariableMenu, trans } = this._options;
    const { outcome, growth } = inspection;
    const { answer: list, isAwaited } = inspection.variables;
    const isBusy = this._options.sidebar.model?.isBusy ?? false;
    return (
      <>
        {outcome && (
          <OutcomeCard
            outcome={outcome}
            canUndo={this._undoable(inspection) !== null}
            onUndo={() => {
              this._undo(inspection);
            }}
            onDismiss={() => {
              inspection.outcome = null;
            }}
            trans={trans}
          />
        )}
        {list && (
          <VariableTable
            list={list}
            growth={growth.bytes}
            filter={this._filter}
            isOutdated={isAwaited && !isBusy}
            order={this._order}
            expanded={this._expanded}
            onSort={this._sort}
            onToggle={this._toggle}
            onMenu={onVariableMenu}
            trans={trans}
          />
        )}
      </>
    );
  }

  /**
   * What undoes the last action, and on which variable.
   */
  private _undoable(
    inspection: Inspection
  ): [VariableKey, VariableAction] | null {
    const { outcome, variables } = inspection;
    if (outcome?.type !== 'acted') {
      return null;
    }
    const undo = UNDO.get(outcome.action);
    const variable = variables.answer?.variables.find(
      ({ name }) => name === outcome.name
    );
    return undo && variable?.actions.includes(undo) ? [variable, undo] : null;
  }

  private _undo(inspection: Inspection): void {
    const undoable = this._undoable(inspection);
    if (undoable) {
      this._options.onAct(...undoable);
    }
  }

  private readonly _sort = (key: VariableOrderKey): void => {
    this._order = reorderVariables(this._order, key);
    this.update();
  };

  private readonly _toggle = (name: string): void => {
    this._expanded = new Set(this._expanded);
    if (!this._expanded.delete(name)) {
      this._expanded.add(name);
    }
    this.update();
  };

  private readonly _options: VariablesSection.IOptions;
  private _filter = '';
  private _order: VariableOrder = LARGEST_FIRST;
  private _expanded = new Set<string>();
}

export namespace VariablesSection {
  export interface IOptions {
    sidebar: Sidebar;
    /** Offer the actions on a variable in a menu at a button. */
    onVariableMenu: (variable: IListedVariable, button: HTMLElement) => void;
    /** Do something to a variable. */
    onAct: (variable: VariableKey, action: VariableAction) => void;
    trans: TranslationBundle;
  }
}

const UNDO = new Map<VariableAction, VariableAction>([
  ['shrink', 'restore'],
  ['spill', 'load']
]);
