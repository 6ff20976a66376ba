import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, ISessionContextDialogs } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import type { Sidebar } from '../model/sidebar';
import type { PanelAction } from '../panel/actions';
import { memoryIcon } from '../panel/icon';
import { buildActions } from './actions';
import { CommandIDs, ISidebar } from './tokens';

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } } as const;

/**
 * The commands of the View menu and the command palette.
 */
export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memkit:commands',
  description: 'Adds commands on the memory of the active notebook.',
  autoStart: true,
  requires: [ISidebar],
  optional: [ISessionContextDialogs, ICommandPalette, ITranslator],
  activate: (
    app,
    sidebar: Sidebar,
    dialogs: ISessionContextDialogs | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const usedTranslator = translator ?? nullTranslator;
    const trans = usedTranslator.load('jupyter-memkit');
    const act = buildActions(sidebar, dialogs, app.commands, usedTranslator);
    const category = trans.__('Memory');
    app.commands.addCommand(CommandIDs.openPanel, {
      label: trans.__('Show Memory'),
      caption: trans.__('Show the memory of the active notebook'),
      icon: memoryIcon,
      execute: () => {
        app.shell.activateById('jupyter-memkit');
      },
      describedBy: NO_ARGUMENTS
    });
    palette?.addItem({ command: CommandIDs.openPanel, category });
    const add = (
      id: string,
      action: PanelAction,
      label: string,
      caption: string
    ): void => {
      app.commands.addCommand(id, {
        label,
        caption,
        isEnabled: () => sidebar.isKernelKnown,
        execute: () => {
          act(action);
        },
        describedBy: NO_ARGUMENTS
      });
      palette?.addItem({ command: id, category });
    };
    add(
      CommandIDs.free,
      'free',
      trans.__('Free Memory'),
      trans.__('Run %memfree in the active notebook’s kernel')
    );
    add(
      CommandIDs.armGuard,
      'arm-guard',
      trans.__('Arm Memory Guard'),
      trans.__('Run %memguard auto in the active notebook’s kernel')
    );
    add(
      CommandIDs.disarmGuard,
      'disarm-guard',
      trans.__('Disarm Memory Guard'),
      trans.__('Run %memguard off in the active notebook’s kernel')
    );
    add(
      CommandIDs.resumeCollector,
      'resume-collector',
      trans.__('Resume Garbage Collector'),
      trans.__('End its pause in the active notebook’s kernel')
    );
    add(
      CommandIDs.exportSession,
      'export',
      trans.__('Export Memory Report'),
      trans.__('Run %memkit export in the active notebook’s kernel')
    );
  }
};
