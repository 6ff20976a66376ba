import type { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import { CommandIDs, SHOW_KERNELS } from './tokens';

const COMMANDS = [
  SHOW_KERNELS,
  null,
  CommandIDs.free,
  CommandIDs.armGuard,
  CommandIDs.disarmGuard,
  CommandIDs.resumeCollector
];

/**
 * Open the menu of the panel below its button.
 *
 * It lists the commands of the kit that are not buttons beside it; `null` separates.
 */
export function openMenu(commands: CommandRegistry, button: HTMLElement): void {
  const menu = new Menu({ commands });
  for (const command of COMMANDS) {
    menu.addItem(command ? { command } : { type: 'separator' });
  }
  menu.aboutToClose.connect(() => {
    button.focus();
    // The menu still has to run the command.
    requestAnimationFrame(() => {
      menu.dispose();
    });
  });
  const { right, bottom } = button.getBoundingClientRect();
  menu.open(right, bottom, { horizontalAlignment: 'right' });
}
