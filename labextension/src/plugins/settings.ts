import type { ISettingRegistry } from '@jupyterlab/settingregistry';

import type { Sidebar } from '../model/sidebar';

/**
 * Apply the user's settings of a plugin, also when they change.
 */
export function followSettings(
  registry: ISettingRegistry,
  pluginId: string,
  sidebar: Sidebar,
  apply: (settings: ISettingRegistry.ISettings) => void
): void {
  registry
    .load(pluginId)
    .then(settings => {
      apply(settings);
      // Disposing the sidebar also disconnects this.
      settings.changed.connect(apply, sidebar);
    })
    .catch((reason: unknown) => {
      console.error('jupyter_memkit: the settings could not be loaded', reason);
    });
}
