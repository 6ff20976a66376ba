import type { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import type { VariableAction, VariableKey } from '../model/inspection';
import type { Sidebar } from '../model/sidebar';
import { nameActions } from '../text/inspection';
import type { IListedVariable } from '../wire/protocol';
import { confirm } from './confirm';
import { reportFailure } from './failure';

/**
 * Build what acts on a variable: it asks first where data would be lost, and waits for
 * the running cell.
 */
export function buildVariableActions(
  sidebar: Sidebar,
  trans: TranslationBundle
): (variable: VariableKey, action: VariableAction) => void {
  const run = async (
    variable: VariableKey,
    action: VariableAction
  ): Promise<void> => {
    const { model } = sidebar;
    if (
      !model ||
      (action === 'delete' && !(await confirmDelete(variable.name)))
    ) {
      return;
    }
    await sidebar.wait(model.inspection.act(variable, action));
  };
  const confirmDelete = (name: string): Promise<boolean> =>
    confirm(
      trans.__('Delete %1?', name),
      trans.__(
        'The variable is deleted with every copy that IPython keeps of its value. This cannot be undone.'
      ),
      trans.__('Delete')
    );
  return (variable, action) => {
    run(variable, action).catch((reason: unknown) => {
      reportFailure(`"${action}" failed`, reason);
    });
  };
}

/**
 * The menu with the actions on a variable.
 */
export class VariableMenu {
  constructor(options: VariableMenu.IOptions) {
    const { sidebar, onAct, trans } = options;
    this._menu.aboutToClose.connect(() => {
      this._button?.focus();
    });
    const labels = nameActions(trans);
    // TypeScript does not know that an object has no other keys than those of its type.
    for (const action of Object.keys(labels) as VariableAction[]) {
      const label = labels[action];
      this._commands.addCommand(action, {
        label: () =>
          sidebar.model?.isBusy
            ? trans.__('%1 (after this cell)', label)
            : label,
        execute: () => {
          if (this._variable) {
            onAct(this._variable, action);
          }
        },
        describedBy: NO_ARGUMENTS
      });
    }
    this._commands.addCommand(HOLDERS, {
      label: trans.__('Show What Holds It'),
      isEnabled: () => sidebar.model?.isBusy === false,
      execute: async () => {
        if (this._variable) {
          await sidebar.model?.inspection.findHolders(this._variable);
        }
      },
      describedBy: NO_ARGUMENTS
    });
  }

  /**
   * Open the menu of a variable at a button.
   */
  open(variable: IListedVariable, button: HTMLElement): void {
    this._variable = variable;
    this._button = button;
    this._menu.clearItems();
    for (const command of [...variable.actions, HOLDERS]) {
      this._menu.addItem({ command });
    }
    const { left, bottom } = button.getBoundingClientRect();
    this._menu.open(left, bottom);
  }

  private readonly _commands = new CommandRegistry();
  private readonly _menu = new Menu({ commands: this._commands });
  private _variable: IListedVariable | null = null;
  private _button: HTMLElement | null = null;
}

export namespace VariableMenu {
  export interface IOptions {
    sidebar: Sidebar;
    onAct: (variable: VariableKey, action: VariableAction) => void;
    trans: TranslationBundle;
  }
}

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } } as const;

const HOLDERS = 'holders';
