import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { ServerConnection } from '@jupyterlab/services';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { memoryIcon } from '../panel/icon';
import { reportFailure } from './failure';
import { OPEN_TOUR } from './tokens';

/**
 * The tour as a card of the launcher, and as a command.
 */
export const tourPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memkit:tour',
  description: 'Adds the tour of the memory of notebooks to the launcher.',
  autoStart: true,
  // Jupyter Notebook has no launcher.
  optional: [ILauncher, ICommandPalette, ITranslator],
  activate: (
    app,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter-memkit');
    app.commands.addCommand(OPEN_TOUR, {
      label: trans.__('Memory Tour'),
      caption: trans.__(
        'Copy the notebooks about memory to the folder memkit-tour, and open the first one'
      ),
      icon: memoryIcon,
      execute: async () => {
        const { copyTour } = await import('../server/tour');
        try {
          const path = await copyTour(
            app.serviceManager.serverSettings,
            ServerConnection.makeRequest
          );
          if (path) {
            await app.commands.execute('docmanager:open', { path });
          } else {
            Notification.error(
              trans.__(
                'The Jupyter server does not offer the tour; install this version of jupyter_memkit in its environment, and restart it.'
              )
            );
          }
        } catch (reason) {
          reportFailure('the tour was not opened', reason);
        }
      },
      describedBy: { args: { type: 'object', properties: {} } }
    });
    palette?.addItem({ command: OPEN_TOUR, category: trans.__('Memory') });
    // Without a category it is among JupyterLab's others.
    launcher?.add({ command: OPEN_TOUR });
  }
};
