import { URLExt } from '@jupyterlab/coreutils';
import type { ServerConnection } from '@jupyterlab/services';

import { parseReading } from './parse';
import type { ServerReading } from './protocol';

/**
 * Reads a kernel's memory from outside; `null` means never for this kernel.
 *
 * Rejects if the server cannot be reached.
 */
export type KernelReader = (kernelId: string) => Promise<ServerReading | null>;

/**
 * Build the reader that requests readings from the Jupyter server.
 */
export function buildKernelReader(
  settings: ServerConnection.ISettings,
  makeRequest: typeof ServerConnection.makeRequest
): KernelReader {
  return async kernelId => {
    const url = URLExt.join(
      settings.baseUrl,
      'jupyter_memkit/kernels',
      encodeURIComponent(kernelId),
      'memory'
    );
    const response = await makeRequest(url, { method: 'GET' }, settings);
    // The server does not have the extension, or the kernel runs on another
    // machine.
    return response.ok ? parseReading(await response.json()) : null;
  };
}
