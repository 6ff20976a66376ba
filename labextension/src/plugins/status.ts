import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import type { Sidebar } from '../model/sidebar';
import { StatusItem } from '../panel/statusItem';
import { ISidebar } from './tokens';

/**
 * The gauge in the status bar.
 */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memkit:status',
  description: 'Shows the memory of the active notebook in the status bar.',
  autoStart: true,
  requires: [ISidebar],
  // Jupyter Notebook has no status bar.
  optional: [IStatusBar, ITranslator],
  activate: (
    app,
    sidebar: Sidebar,
    statusBar: IStatusBar | null,
    translator: ITranslator | null
  ) => {
    if (!statusBar) {
      return;
    }
    const item = new StatusItem({
      sidebar,
      onOpen: () => {
        app.shell.activateById('jupyter-memkit');
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
