import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IConsoleTracker } from '@jupyterlab/console';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ServerConnection } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { Follower } from '../follow';
import { Sidebar } from '../model/sidebar';
import { buildKernelServer } from '../server/kernels';
import { followSettings } from './settings';
import { ISidebar } from './tokens';

/**
 * Follows the notebook in use, and the memory of its kernel.
 */
export const sidebarPlugin: JupyterFrontEndPlugin<Sidebar> = {
  id: 'jupyter-memkit:plugin',
  description: 'Follows the memory of the active notebook.',
  autoStart: true,
  provides: ISidebar,
  optional: [INotebookTracker, IConsoleTracker, ISettingRegistry],
  activate: (
    app,
    notebooks: INotebookTracker | null,
    consoles: IConsoleTracker | null,
    settings: ISettingRegistry | null
  ) => {
    const trackers = [notebooks, consoles].filter(tracker => tracker !== null);
    const sidebar = new Sidebar({
      follower: new Follower({ shell: app.shell, trackers }),
      server: buildKernelServer(
        app.serviceManager.serverSettings,
        ServerConnection.makeRequest
      )
    });
    if (settings) {
      followSettings(settings, sidebarPlugin.id, sidebar, ({ composite }) => {
        sidebar.isAutoloading = composite['autoload'] === true;
      });
    }
    return sidebar;
  }
};
