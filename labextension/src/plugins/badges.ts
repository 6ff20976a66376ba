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
import { followSettings } from './settings';
import { ISidebar } from './tokens';

const TOGGLE = 'jupyter-memkit:toggle-badges';
const SETTING = 'badges';

/**
 * Shows the memory of each cell beside it, unless the user has switched it off.
 */
export const badgesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memkit:badges',
  description: 'Shows the memory of each cell beside it.',
  autoStart: true,
  requires: [ISidebar, INotebookTracker],
  optional: [ISettingRegistry, ICommandPalette, ITranslator],
  activate
};

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

  const update = async (): Promise<void> => {
    const { Badges } = await import('../badges/badges');
    // It may have been toggled again meanwhile.
    if (isShown) {
      badges ??= new Badges({ notebooks, sidebar, trans });
    } else {
      badges?.dispose();
      badges = null;
    }
  };
  const show = (isWanted: boolean): void => {
    isShown = isWanted;
    app.commands.notifyCommandChanged(TOGGLE);
    update().catch((reason: unknown) => {
      console.error('jupyter_memkit: the badges could not be loaded', reason);
    });
  };

  app.commands.addCommand(TOGGLE, {
    label: trans.__('Show Memory Badges'),
    caption: trans.__('Show the memory of the last run beside each cell'),
    isToggled: () => isShown,
    execute: async () => {
      show(!isShown);
      await registry?.set(badgesPlugin.id, SETTING, isShown);
    },
    describedBy: { args: { type: 'object', properties: {} } }
  });
  palette?.addItem({
    command: TOGGLE,
    category: trans.__('Memory')
  });
  if (registry) {
    followSettings(registry, badgesPlugin.id, sidebar, settings => {
      show(settings.get(SETTING).composite !== false);
    });
  } else {
    show(true);
  }
}
