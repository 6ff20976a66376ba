import { badgesPlugin } from './plugins/badges';
import { commandsPlugin } from './plugins/commands';
import { kernelsPlugin } from './plugins/kernels';
import { panelPlugin } from './plugins/panel';
import { runningPlugin } from './plugins/running';
import { sidebarPlugin } from './plugins/sidebar';
import { statusPlugin } from './plugins/status';
import { tourPlugin } from './plugins/tour';
import { warningsPlugin } from './plugins/warnings';

export default [
  sidebarPlugin,
  panelPlugin,
  badgesPlugin,
  statusPlugin,
  warningsPlugin,
  commandsPlugin,
  kernelsPlugin,
  runningPlugin,
  tourPlugin
];
