import type { ServerConnection } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';

import { buildKernelReader } from '../../src/server/reader';
import { golden } from '../fakes/golden';

// The only setting that is read.
const settings = {
  baseUrl: 'http://lab/user/'
} as ServerConnection.ISettings;

function reader(response: Response, urls: string[] = []) {
  return buildKernelReader(settings, url => {
    urls.push(url);
    return Promise.resolve(response);
  });
}

describe('buildKernelReader', () => {
  it('sends requests below the server’s base URL', async () => {
    const urls: string[] = [];
    const read = reader(Response.json(golden('server_reading')), urls);
    expect(await read('a-b')).toEqual(golden('server_reading'));
    expect(urls).toEqual(['http://lab/user/jupyter_memkit/kernels/a-b/memory']);
  });

  it('returns null if the server has no answer', async () => {
    expect(await reader(new Response('', { status: 404 }))('a-b')).toBeNull();
  });

  it('returns null if the answer is not a reading', async () => {
    expect(await reader(Response.json({ message: 'hello' }))('a-b')).toBeNull();
  });
});
