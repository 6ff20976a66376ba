import {
  Clipboard,
  Notification,
  SessionContextDialogs
} from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import type { ITranslator } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { MemoryModel } from '../model/memory';
import type { Sidebar } from '../model/sidebar';
import type { PanelAction } from '../panel/actions';
import { DISABLE } from '../text/collector';
import { reportFailure } from './failure';

// How long a message about what was done stays.
const SHOWN_MS = 8000;

/**
 * Build the actions of the buttons and commands.
 *
 * @param givenDialogs - The application's dialogs, `null` for JupyterLab's own.
 */
export function buildActions(
  sidebar: Sidebar,
  givenDialogs: ISessionContext.IDialogs | null,
  commands: CommandRegistry,
  translator: ITranslator
): (action: PanelAction) => void {
  const dialogs = givenDialogs ?? new SessionContextDialogs({ translator });
  const trans = translator.load('jupyter-memkit');
  const wait = async (work: Promise<void> | undefined): Promise<void> => {
    if (work) {
      await sidebar.wait(work);
    }
  };
  const run = async (action: PanelAction): Promise<void> => {
    const context = sidebar.follower.widget?.sessionContext;
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
        await wait(sidebar.model?.load());
        break;
      case 'dismiss-death':
        await sidebar.model?.dismissDeath();
        break;
      case 'arm-guard':
        await wait(sidebar.model?.runMagic('memguard', 'auto'));
        break;
      case 'disarm-guard':
        await wait(sidebar.model?.runMagic('memguard', 'off'));
        break;
      case 'resume-collector':
        await wait(resumeCollector(sidebar.model));
        break;
      case 'free':
        await wait(sidebar.model?.runMagic('memfree', ''));
        break;
      case 'export': {
        const name = reportName(new Date());
        await wait(sidebar.model?.runMagic('memkit', `export ${name}`));
        Notification.success(
          trans.__('The report is %1, in the folder of the kernel.', name),
          { autoClose: SHOWN_MS }
        );
        break;
      }
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
      reportFailure(`"${action}" failed`, reason);
    });
  };
}

/**
 * End a pause: `%gc_pause off` ends none that the kit has not begun.
 */
function resumeCollector(model: MemoryModel | null): Promise<void> | undefined {
  return model?.present?.collectorPause?.by === DISABLE
    ? model.enableCollector()
    : model?.runMagic('gc_pause', 'off');
}

/**
 * A name that no earlier report has, such as "memory-20260131-235959.html", by the
 * user's clock.
 */
function reportName(now: Date): string {
  const local = new Date(now.getTime() - 60_000 * now.getTimezoneOffset());
  const [day = '', clock = ''] = local.toISOString().split('T');
  return `memory-${day.replace(/-/g, '')}-${clock.slice(0, 8).replace(/:/g, '')}.html`;
}
