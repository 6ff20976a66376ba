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
import { LARGEST_FIRST, reorderRows } from './variableOrder';
import { toggleName } from './parts';
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
    const { growth } = inspection;
    const { answer: list, isAwaited } = inspection.variables;
    const isBusy = this._options.sidebar.model?.isBusy ?? false;
    return (
      list && (
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
      )
    );
  }

  protected override undo({ variables }: Inspection): (() => void) | null {
    const { outcome, answer } = variables;
    if (outcome?.type !== 'acted') {
      return null;
    }
    const undo = UNDO.get(outcome.action);
    const variable = answer?.variables.find(
      ({ name }) => name === outcome.name
    );
    return undo && variable?.actions.includes(undo)
      ? () => {
          this._options.onAct(variable, undo);
        }
      : null;
  }

  private readonly _sort = (key: VariableOrderKey): void => {
    this._order = reorderRows(this._order, key);
    this.update();
  };

  private readonly _toggle = (name: string): void => {
    this._expanded = toggleName(this._expanded, name);
    this.update();
  };

  private readonly _options: VariablesSection.IOptions;
  private _filter = '';
  private _order: VariableOrder = LARGEST_FIRST;
  private _expanded: ReadonlySet<string> = new Set();
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
