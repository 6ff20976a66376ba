import { URLExt } from '@jupyterlab/coreutils';
import type { ServerConnection } from '@jupyterlab/services';

import type { IForeign, IUnreadable } from '../wire/parse';
import { parseDeath, parseKernelList, parseReading } from '../wire/parse';
import type { IDeath, IKernelList, IServerReading } from '../wire/protocol';

/**
 * Reads a kernel's memory from outside; `null` if the server has no answer.
 *
 * Rejects if the server cannot be reached.
 */
export type KernelReader = (kernelId: string) => Promise<IServerReading | null>;

/**
 * What the server's extension reports on kernels.
 */
export interface IKernelServer {
  readonly read: KernelReader;
  /**
   * All kernels of the server; `null` if the server does not have the extension.
   */
  readonly list: () => Promise<IKernelList | null>;
  /**
   * The last death of the notebook's kernels that has not been dismissed.
   */
  readonly readDeath: (kernelId: string) => Promise<IDeath | null>;
  readonly dismissDeath: (kernelId: string, deathId: string) => Promise<void>;
}

/**
 * Connect with the extension of the Jupyter server.
 */
export function buildKernelServer(
  settings: ServerConnection.ISettings,
  makeRequest: typeof ServerConnection.makeRequest
): IKernelServer {
  const request = async (
    path: string[],
    method: 'GET' | 'DELETE'
  ): Promise<unknown> => {
    const url = URLExt.join(
      settings.baseUrl,
      'jupyter_memkit/kernels',
      ...path.map(encodeURIComponent)
    );
    const response = await makeRequest(url, { method }, settings);
    // The server does not have the extension, or the kernel runs on another
    // machine; a proxy may answer with a page.
    const isJson =
      response.headers.get('Content-Type')?.includes('json') ?? false;
    return response.ok && isJson ? await response.json() : null;
  };
  return {
    list: async () => known(parseKernelList(await request([], 'GET'))),
    read: async kernelId => {
      const data = await request([kernelId, 'memory'], 'GET');
      return known(parseReading(data));
    },
    readDeath: async kernelId => {
      const data = await request([kernelId, 'death'], 'GET');
      return known(parseDeath(data))?.death ?? null;
    },
    dismissDeath: async (kernelId, deathId) => {
      await request([kernelId, 'death', deathId], 'DELETE');
    }
  };
}

function known<T extends { readonly type: string }>(
  parsed: T | IForeign | IUnreadable
): T | null {
  return parsed.type === 'foreign' || parsed.type === 'unreadable'
    ? null
    : (parsed as T);
}
