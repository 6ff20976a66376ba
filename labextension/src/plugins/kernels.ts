import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import { IConsoleTracker } from '@jupyterlab/console';
import { INotebookTracker } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { kernelsIcon } from '../kernels/icon';
import type { KernelsPanel } from '../kernels/panel';
import { Kernels } from '../model/kernels';
import { buildKernelServer } from '../server/kernels';
import type { IKernelsService } from './tokens';
import { IKernels, SHOW_KERNELS } from './tokens';

/**
 * The panel with all kernels of the server, which a command opens.
 */
export const kernelsPlugin: JupyterFrontEndPlugin<IKernelsService> = {
  id: 'jupyter-memkit:kernels',
  description: 'Shows the memory of all kernels of the server.',
  autoStart: true,
  provides: IKernels,
  optional: [
    INotebookTracker,
    IConsoleTracker,
    ICommandPalette,
    ILayoutRestorer,
    ITranslator
  ],
  activate: (
    app,
    notebooks: INotebookTracker | null,
    consoles: IConsoleTracker | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter-memkit');
    const { sessions, serverSettings } = app.serviceManager;
    const kernels = new Kernels({
      list: buildKernelServer(serverSettings, ServerConnection.makeRequest)
        .list,
      sessions: () => sessions.running()
    });
    const findConnection = (
      kernelId: string
    ): Kernel.IKernelConnection | null => {
      for (const tracker of [notebooks, consoles]) {
        const widget = tracker?.find(
          ({ sessionContext }) =>
            sessionContext.session?.kernel?.id === kernelId
        );
        if (widget) {
          return widget.sessionContext.session?.kernel ?? null;
        }
      }
      return null;
    };
    const service: IKernelsService = {
      kernels,
      act: async (action, row) => {
        const { actOnKernel } = await import('./kernelActions');
        await actOnKernel(action, row, {
          app,
          kernels,
          findConnection,
          trans
        });
      }
    };
    // After a reload, the restorer runs the command if the panel was open.
    const panels = new WidgetTracker<KernelsPanel>({
      namespace: 'jupyter-memkit-kernels'
    });
    void restorer?.restore(panels, {
      command: SHOW_KERNELS,
      name: ({ id }) => id
    });
    app.commands.addCommand(SHOW_KERNELS, {
      label: trans.__('Show Memory of All Kernels'),
      caption: trans.__('List all kernels of the server with their memory'),
      icon: kernelsIcon,
      execute: () => show(app, service, panels, trans),
      describedBy: { args: { type: 'object', properties: {} } }
    });
    palette?.addItem({
      command: SHOW_KERNELS,
      category: trans.__('Memory')
    });
    return service;
  }
};

async function show(
  app: JupyterFrontEnd,
  { kernels, act }: IKernelsService,
  panels: WidgetTracker<KernelsPanel>,
  trans: TranslationBundle
): Promise<void> {
  const { KernelsPanel: Panel } = await import('../kernels/panel');
  if (![...app.shell.widgets('right')].some(({ id }) => id === Panel.ID)) {
    const panel = new Panel({
      kernels,
      onAction: (action, row) => {
        void act(action, row);
      },
      trans
    });
    app.shell.add(panel, 'right', { rank: 701, type: 'Memory' });
    await panels.add(panel);
  }
  app.shell.activateById(Panel.ID);
}
