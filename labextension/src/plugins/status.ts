import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import type { Sidebar } from '../model/sidebar';
import { StatusItem } from '../panel/statusItem';
import { CommandIDs, ISidebar } from './tokens';

/**
 * The gauge in the status bar.
 */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memkit:status',
  description: 'Shows the memory of the active notebook in the status bar.',
  autoStart: true,
  requires: [ISidebar, IStatusBar],
  optional: [ITranslator],
  activate: (
    app,
    sidebar: Sidebar,
    statusBar: IStatusBar,
    translator: ITranslator | null
  ) => {
    const item = new StatusItem({
      sidebar,
      onOpen: () => {
        void app.commands.execute(CommandIDs.openPanel);
      },
      trans: (translator ?? nullTranslator).load('jupyter-memkit')
    });
    statusBar.registerStatusItem('jupyter-memkit:status', {
      item,
      align: 'left',
      rank: 3,
      isActive: () => (sidebar.model?.reading ?? null) !== null,
      activeStateChanged: sidebar.stateChanged
    });
    sidebar.setActive('status', true);
  }
};
