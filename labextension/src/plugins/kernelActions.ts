import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { Kernel } from '@jupyterlab/services';
import { KernelAPI } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { KernelRow } from '../kernels/row';
import type { IKernelRow, Kernels } from '../model/kernels';
import { describeMemory, nameKernel } from '../text/kernels';
import { confirm } from './confirm';
import { reportFailure } from './failure';

/**
 * Do something with any kernel of the server, and report a failure.
 */
export async function actOnKernel(
  action: KernelRow.Action,
  row: IKernelRow,
  context: IContext
): Promise<void> {
  try {
    await run(action, row, context);
  } catch (reason) {
    reportFailure(`"${action}" failed`, reason);
  }
}

interface IContext {
  app: Pick<JupyterFrontEnd, 'commands' | 'serviceManager'>;
  kernels: Kernels;
  /** The connection of an open notebook or console with its kernel, if it has one. */
  findConnection: (kernelId: string) => Kernel.IKernelConnection | null;
  trans: TranslationBundle;
}

async function run(
  action: KernelRow.Action,
  row: IKernelRow,
  { app, kernels, findConnection, trans }: IContext
): Promise<void> {
  const { kernelId, session } = row;
  const { serverSettings, sessions, kernels: processes } = app.serviceManager;
  const name = nameKernel(row, trans);
  const memory = describeMemory(row, trans);
  const loss = trans.__('Its variables will be lost.');
  switch (action) {
    case 'open':
      if (session) {
        await app.commands.execute(
          session.type === 'console' ? 'console:open' : 'docmanager:open',
          { path: session.path }
        );
      }
      break;
    case 'interrupt':
      await KernelAPI.interruptKernel(kernelId, serverSettings);
      break;
    case 'restart': {
      const title = trans.__('Restart the kernel of %1 (%2)?', name, memory);
      if (await confirm(title, loss, trans.__('Restart'))) {
        // A notebook that is open here has to know that its kernel is another one.
        await (findConnection(kernelId)?.restart() ??
          KernelAPI.restartKernel(kernelId, serverSettings));
      }
      break;
    }
    case 'shutdown': {
      const title = trans.__('Shut down the kernel of %1 (%2)?', name, memory);
      if (await confirm(title, loss, trans.__('Shut Down'))) {
        await (session
          ? sessions.shutdown(session.id)
          : processes.shutdown(kernelId));
        kernels.forget(kernelId);
      }
      break;
    }
  }
}
