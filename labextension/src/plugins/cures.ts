import { Clipboard, Notification } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { CureUse } from '../lists/hintList';
import type { Sidebar } from '../model/sidebar';
import { reportFailure } from './failure';

/**
 * Build what applies the cure of a hint to the notebook in use; in a console, which has
 * no place for it, the cure is copied.
 */
export function buildCures(
  sidebar: Sidebar,
  notebooks: INotebookTracker | null,
  commands: CommandRegistry,
  trans: TranslationBundle
): (cure: string, use: CureUse) => void {
  const copy = (cure: string): void => {
    Clipboard.copyToSystem(cure);
    Notification.info(trans.__('Copied to the clipboard: %1', cure), {
      autoClose: 3000
    });
  };
  const apply = async (cure: string, use: CureUse): Promise<void> => {
    const panel = notebooks?.currentWidget;
    if (use === 'copy' || !panel || panel !== sidebar.follower.widget) {
      copy(cure);
      return;
    }
    await commands.execute('notebook:insert-cell-below');
    panel.content.activeCell?.model.sharedModel.setSource(cure);
    if (use === 'run') {
      await commands.execute('notebook:run-cell');
    }
  };
  return (cure, use) => {
    apply(cure, use).catch((reason: unknown) => {
      reportFailure('the cure could not be applied', reason);
    });
  };
}
