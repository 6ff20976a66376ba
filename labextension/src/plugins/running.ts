import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { IRunningSessions } from '@jupyterlab/running';
import { IRunningSessionManagers } from '@jupyterlab/running';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import type { IKernelRow } from '../model/kernels';
import { memoryIcon } from '../panel/icon';
import {
  describeHoarding,
  describeKernel,
  describeLack,
  describeMemory,
  nameKernel
} from '../text/kernels';
import type { IKernelsService } from './tokens';
import { IKernels } from './tokens';

/**
 * The memory of the kernels as a section of JupyterLab's Running panel.
 */
export const runningPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-memkit:running',
  description: 'Adds the memory of all kernels to the Running panel.',
  autoStart: true,
  requires: [IKernels],
  // A notebook of Jupyter Notebook has no such panel.
  optional: [IRunningSessionManagers, ITranslator],
  activate: (
    app,
    service: IKernelsService,
    managers: IRunningSessionManagers | null,
    translator: ITranslator | null
  ) => {
    const { kernels, act } = service;
    const trans = (translator ?? nullTranslator).load('jupyter-memkit');
    // Called when it is rendered, so that the server is asked only while it is.
    const shown = (text: string): string => {
      if (isPanelVisible()) {
        kernels.keepFresh();
      }
      return text;
    };
    const itemOf = (row: IKernelRow): IRunningSessions.IRunningItem => ({
      ...(row.isHoarding && { className: 'jp-Memkit-hoarding' }),
      icon: () => memoryIcon,
      label: () =>
        shown(`${describeMemory(row, trans)} — ${nameKernel(row, trans)}`),
      labelTitle: () => describeKernel(row, trans).join('\n'),
      detail: () => (row.isHoarding ? describeHoarding(row, trans) : ''),
      open: () => {
        void act('open', row);
      },
      shutdown: () => {
        void act('shutdown', row);
      }
    });
    managers?.add({
      name: trans.__('Memory'),
      running: () => {
        const lack = describeLack(kernels, trans);
        const items = (kernels.rows ?? []).map(itemOf);
        return lack
          ? [{ icon: () => memoryIcon, label: () => shown(lack) }, ...items]
          : items;
      },
      refreshRunning: () => {
        kernels.keepFresh();
      },
      runningChanged: kernels.stateChanged,
      shutdownAll: () => {
        app.serviceManager.kernels.shutdownAll().catch((reason: unknown) => {
          console.error('jupyter_memkit: not all kernels ended', reason);
        });
      },
      shutdownLabel: trans.__('Shut Down Kernel'),
      shutdownAllConfirmationText: trans.__(
        'The variables of all kernels will be lost.'
      )
    });
  }
};

/**
 * Whether the Running panel is visible; it renders itself once while it is hidden.
 */
function isPanelVisible(): boolean {
  const panels = document.querySelectorAll<HTMLElement>('.jp-RunningSessions');
  return [...panels].some(({ offsetParent }) => offsetParent !== null);
}
