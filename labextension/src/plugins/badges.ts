import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import type { Badges } from '../badges/badges';
import type { Sidebar } from '../model/sidebar';
import { ISidebar } from './tokens';

namespace CommandIDs {
  export const toggle = 'jupyter-memkit:toggle-badges';
}

const SETTING = 'badges';

/**
 * Shows the memory of each cell beside it, unless the user has switched it off.
 */
const plugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memkit:badges',
  description: 'Shows the memory of each cell beside it.',
  autoStart: true,
  requires: [ISidebar, INotebookTracker],
  optional: [ISettingRegistry, ICommandPalette, ITranslator],
  activate
};

export default plugin;

function activate(
  app: JupyterFrontEnd,
  sidebar: Sidebar,
  notebooks: INotebookTracker,
  registry: ISettingRegistry | null,
  palette: ICommandPalette | null,
  translator: ITranslator | null
): void {
  const trans = (translator ?? nullTranslator).load('jupyter-memkit');
  let isShown = false;
  let badges: Badges | null = null;
  let settings: ISettingRegistry.ISettings | null = null;

  const show = async (isWanted: boolean): Promise<void> => {
    isShown = isWanted;
    app.commands.notifyCommandChanged(CommandIDs.toggle);
    const { Badges } = await import('../badges/badges');
    // It may have been toggled again meanwhile.
    if (isShown) {
      badges ??= new Badges({ notebooks, sidebar, trans });
    } else {
      badges?.dispose();
      badges = null;
    }
  };
  const follow = async (): Promise<void> => {
    settings = (await registry?.load(plugin.id)) ?? null;
    // Both live as long as the page.
    settings?.changed.connect(({ composite }) => {
      void show(composite[SETTING] !== false);
    });
  };

  app.commands.addCommand(CommandIDs.toggle, {
    label: trans.__('Show Memory Badges'),
    caption: trans.__('Show the memory of the last run beside each cell'),
    isToggled: () => isShown,
    execute: async () => {
      await show(!isShown);
      await settings?.set(SETTING, isShown);
    },
    describedBy: { args: { type: 'object', properties: {} } }
  });
  palette?.addItem({
    command: CommandIDs.toggle,
    category: trans.__('Memory')
  });
  follow()
    .catch((reason: unknown) => {
      console.error('jupyter_memkit: the settings could not be loaded', reason);
    })
    .then(() => show(settings?.composite[SETTING] !== false))
    .catch((reason: unknown) => {
      console.error('jupyter_memkit: there are no badges', reason);
    });
}
