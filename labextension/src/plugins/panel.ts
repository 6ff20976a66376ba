import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ISessionContextDialogs } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyJSONObject } from '@lumino/coreutils';

import type { Sidebar } from '../model/sidebar';
import { MemoryPanel } from '../panel/panel';
import { buildActions } from './actions';
import { buildCures } from './cures';
import { buildUnload } from './libraries';
import { openMenu } from './menu';
import { openCell } from './open';
import { ISidebar } from './tokens';
import { buildVariableActions, VariableMenu } from './variables';

const STATE_KEY = 'jupyter-memkit:panel';

/**
 * The panel in the right side area.
 */
export const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memkit:panel',
  description: 'Shows the memory of the active notebook in a side panel.',
  autoStart: true,
  requires: [ISidebar],
  optional: [
    INotebookTracker,
    ISessionContextDialogs,
    ILayoutRestorer,
    IStateDB,
    ITranslator
  ],
  activate: (
    app,
    sidebar: Sidebar,
    notebooks: INotebookTracker | null,
    dialogs: ISessionContextDialogs | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
    translator: ITranslator | null
  ) => {
    const usedTranslator = translator ?? nullTranslator;
    const trans = usedTranslator.load('jupyter-memkit');
    const onAct = buildVariableActions(sidebar, trans);
    const menu = new VariableMenu({ sidebar, onAct, trans });
    const panel = new MemoryPanel({
      sidebar,
      onAction: buildActions(sidebar, dialogs, app.commands, usedTranslator),
      onMenu: button => {
        openMenu(app.commands, button);
      },
      onOpen: cellId => {
        openCell(notebooks, sidebar.follower.widget, cellId);
      },
      onAct,
      onVariableMenu: (variable, button) => {
        menu.open(variable, button);
      },
      onUnload: buildUnload(sidebar, trans),
      onApply: buildCures(sidebar, notebooks, app.commands, trans),
      translator: usedTranslator,
      state
    });
    app.shell.add(panel, 'right', { rank: 700, type: 'Memory' });
    restorer?.add(panel, panel.id);
    if (state) {
      keepCollapsed(panel, state).catch((reason: unknown) => {
        console.error(
          'jupyter_memkit: the state of the panel could not be restored',
          reason
        );
      });
    }
  }
};

/**
 * Restore which sections are collapsed, and save it when it changes. A section that
 * the saved state does not name, because an older version saved it, stays as it is.
 */
async function keepCollapsed(
  panel: MemoryPanel,
  state: IStateDB
): Promise<void> {
  const saved = await state.fetch(STATE_KEY);
  if (typeof saved === 'object' && saved !== null && !Array.isArray(saved)) {
    panel.collapsed = panel.widgets
      .filter(({ id, isHidden }) => {
        const isCollapsed = (saved as ReadonlyJSONObject)[id];
        return typeof isCollapsed === 'boolean' ? isCollapsed : isHidden;
      })
      .map(({ id }) => id);
  }
  panel.collapsedChanged?.connect(() => {
    void state.save(
      STATE_KEY,
      Object.fromEntries(panel.widgets.map(each => [each.id, each.isHidden]))
    );
  });
}
