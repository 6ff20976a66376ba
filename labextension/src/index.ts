import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import {
  ICommandPalette,
  ISessionContextDialogs,
  SessionContextDialogs
} from '@jupyterlab/apputils';
import { IConsoleTracker } from '@jupyterlab/console';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ServerConnection } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { buildActions } from './plugins/actions';
import { Follower } from './follow';
import { memoryIcon } from './panel/icon';
import { openCell } from './plugins/open';
import { MemoryPanel } from './panel/panel';
import { buildKernelServer } from './server/kernels';
import { followSettings } from './plugins/settings';
import { Sidebar } from './model/sidebar';

namespace CommandIDs {
  export const openPanel = 'jupyter-memkit:open-panel';
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memkit:plugin',
  description: 'Shows the memory of the active notebook.',
  autoStart: true,
  optional: [
    INotebookTracker,
    IConsoleTracker,
    ISessionContextDialogs,
    ISettingRegistry,
    ICommandPalette,
    ILayoutRestorer,
    ITranslator
  ],
  activate
};

export default plugin;

function activate(
  app: JupyterFrontEnd,
  notebooks: INotebookTracker | null,
  consoles: IConsoleTracker | null,
  dialogs: ISessionContextDialogs | null,
  settings: ISettingRegistry | null,
  palette: ICommandPalette | null,
  restorer: ILayoutRestorer | null,
  translator: ITranslator | null
): void {
  const usedTranslator = translator ?? nullTranslator;
  const trans = usedTranslator.load('jupyter-memkit');
  const trackers = [notebooks, consoles].filter(tracker => tracker !== null);
  const follower = new Follower({ shell: app.shell, trackers });
  const sidebar = new Sidebar({
    follower,
    server: buildKernelServer(
      app.serviceManager.serverSettings,
      ServerConnection.makeRequest
    )
  });
  if (settings) {
    followSettings(settings, plugin.id, sidebar);
  }
  const panel = new MemoryPanel({
    sidebar,
    onAction: buildActions(
      sidebar,
      follower,
      dialogs ?? new SessionContextDialogs({ translator: usedTranslator }),
      app.commands
    ),
    onOpen: cellId => {
      openCell(notebooks, follower.widget, cellId);
    },
    translator: usedTranslator
  });
  panel.disposed.connect(() => {
    sidebar.dispose();
    follower.dispose();
  });
  app.shell.add(panel, 'right', { rank: 700, type: 'Memory' });
  restorer?.add(panel, panel.id);
  app.commands.addCommand(CommandIDs.openPanel, {
    label: trans.__('Show Memory'),
    caption: trans.__('Show the memory of the active notebook'),
    icon: memoryIcon,
    execute: () => {
      app.shell.activateById(panel.id);
    },
    describedBy: { args: { type: 'object', properties: {} } }
  });
  palette?.addItem({
    command: CommandIDs.openPanel,
    category: trans.__('Memory')
  });
}
