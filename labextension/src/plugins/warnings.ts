import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISessionContextDialogs, Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import type { MemoryModel } from '../model/memory';
import type { Sidebar } from '../model/sidebar';
import { describeAlarm, describeLargest } from '../text/alarm';
import { buildActions } from './actions';
import { followSettings } from './settings';
import { ISidebar } from './tokens';

/**
 * Warns once when memory will soon be full, and once when it is above the threshold.
 */
export const warningsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memkit:warnings',
  description: 'Warns before the memory of the active notebook is full.',
  autoStart: true,
  requires: [ISidebar],
  optional: [ISessionContextDialogs, ISettingRegistry, ITranslator],
  activate: (
    app,
    sidebar: Sidebar,
    dialogs: ISessionContextDialogs | null,
    settings: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const usedTranslator = translator ?? nullTranslator;
    const trans = usedTranslator.load('jupyter-memkit');
    const act = buildActions(sidebar, dialogs, app.commands, usedTranslator);
    const announced = new WeakMap<MemoryModel, number>();
    let shown: { id: string; model: MemoryModel } | null = null;
    sidebar.stateChanged.connect(() => {
      const { alarm, model } = sidebar;
      const isNew =
        alarm !== null &&
        model !== null &&
        alarm.warning !== announced.get(model);
      // Its actions are those on the notebook in use.
      if (shown && (isNew || !alarm || shown.model !== model)) {
        Notification.dismiss(shown.id);
        shown = null;
      }
      if (!isNew) {
        return;
      }
      announced.set(model, alarm.warning);
      const largest = describeLargest(model.present?.largest ?? [], trans);
      const id = Notification.warning(
        [sidebar.name, describeAlarm(alarm, trans), largest]
          .filter(text => text !== '')
          .join(' — '),
        {
          autoClose: 30_000,
          actions: [
            {
              label: trans.__('Interrupt'),
              callback: () => {
                act('interrupt');
              }
            },
            {
              label: trans.__('Free memory'),
              callback: () => {
                act('free');
              }
            }
          ]
        }
      );
      shown = { id, model };
    });
    const watch = (isOn: boolean): void => {
      sidebar.setActive('warnings', isOn);
    };
    watch(true);
    if (settings) {
      followSettings(settings, warningsPlugin.id, sidebar, ({ composite }) => {
        const percent = Number(composite['threshold'] ?? 85);
        const isOn = percent < 100;
        sidebar.threshold = isOn ? percent / 100 : Infinity;
        watch(isOn);
      });
    }
  }
};
