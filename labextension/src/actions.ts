import { Clipboard } from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';

import type { Follower } from './follow';
import type { Sidebar } from './sidebar';
import type { StatusAction } from './status';

/**
 * Build the actions of the notice's button.
 */
export function buildActions(
  sidebar: Sidebar,
  follower: Follower,
  dialogs: ISessionContext.IDialogs,
  commands: CommandRegistry
): (action: StatusAction) => void {
  const run = async (action: StatusAction): Promise<void> => {
    const context = follower.widget?.sessionContext;
    switch (action) {
      case 'new-notebook':
        await commands.execute('notebook:create-new');
        break;
      case 'select-kernel':
        if (context) {
          await dialogs.selectKernel(context);
        }
        break;
      case 'interrupt':
        await context?.session?.kernel?.interrupt();
        break;
      case 'restart':
        if (context) {
          await dialogs.restart(context);
        }
        break;
      case 'load':
        await sidebar.model?.load();
        break;
      case 'reconnect':
        await sidebar.model?.reconnect();
        break;
      case 'reload':
        window.location.reload();
        break;
      case 'copy-install':
        Clipboard.copyToSystem('%pip install jupyter_memkit');
        break;
      case 'copy-upgrade':
        Clipboard.copyToSystem('%pip install --upgrade jupyter_memkit');
        break;
    }
  };
  return action => {
    run(action).catch((reason: unknown) => {
      console.error(`jupyter_memkit: "${action}" failed`, reason);
    });
  };
}
