import { badgesPlugin } from './plugins/badges';
import { commandsPlugin } from './plugins/commands';
import { panelPlugin } from './plugins/panel';
import { sidebarPlugin } from './plugins/sidebar';
import { statusPlugin } from './plugins/status';
import { warningsPlugin } from './plugins/warnings';

export default [
  sidebarPlugin,
  panelPlugin,
  badgesPlugin,
  statusPlugin,
  warningsPlugin,
  commandsPlugin
];
