import type { ServerConnection } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';

import { copyTour } from '../../src/server/tour';
import { golden } from '../fakes/golden';

// The only setting that is read.
const settings = {
  baseUrl: 'http://lab/user/'
} as ServerConnection.ISettings;

describe('copyTour()', () => {
  it('asks the server once, and resolves to the first notebook', async () => {
    const requests: string[] = [];
    const path = await copyTour(settings, (url, init) => {
      requests.push(`${init.method ?? '?'} ${url}`);
      return Promise.resolve(Response.json(golden('tour')));
    });
    expect(path).toBe('memkit-tour/00_tour.ipynb');
    expect(requests).toEqual(['POST http://lab/user/jupyter_memkit/tour']);
  });

  it.each([
    ['no extension', new Response('<html>', { status: 404 })],
    ['another version', Response.json(golden('tour', { protocol: 2 }))],
    ['another extension', Response.json({ type: 'hello' })]
  ])('resolves to null if the server has %s', async (_, response) => {
    const copied = copyTour(settings, () => Promise.resolve(response));
    expect(await copied).toBeNull();
  });

  it('rejects with the server’s reason', async () => {
    const response = Response.json({ message: 'disk full' }, { status: 500 });
    const copied = copyTour(settings, () => Promise.resolve(response));
    await expect(copied).rejects.toThrow('disk full');
  });
});
