import { ServerConnection } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';

import { buildKernelServer } from '../../src/server/kernels';
import {
  decodeKernelList,
  decodeLastDeath,
  decodeServerReading
} from '../../src/wire/protocol';
import { decoded, golden } from '../fakes/golden';

// The only setting that is read.
const settings = {
  baseUrl: 'http://lab/user/'
} as ServerConnection.ISettings;

function connect(...responses: (Response | Error)[]) {
  const requests: string[] = [];
  const server = buildKernelServer(settings, (url, init) => {
    requests.push(`${init.method ?? '?'} ${url}`);
    const response = responses.shift() ?? new Error('one request too many');
    return response instanceof Error
      ? Promise.reject(response)
      : Promise.resolve(response);
  });
  return { requests, server };
}

function page(status: number): Response {
  return new Response('<html>Bad gateway</html>', {
    status,
    headers: { 'Content-Type': 'text/html' }
  });
}

/** Answers that a reading or a death cannot be found in. */
const USELESS: [string, () => Response][] = [
  ['404', () => Response.json({ message: 'none' }, { status: 404 })],
  ['502', () => page(502)],
  ['a page, such as a proxy’s', () => page(200)],
  ['an empty answer without a type', () => new Response(null)],
  ['JSON of another kind', () => Response.json({ message: 'hello' })],
  ['null', () => Response.json(null)],
  ['another version', () => Response.json({ protocol: 2 })],
  [
    'a wrong field',
    () => Response.json(golden('server_reading', { rss_bytes: 'all' }))
  ]
];

describe('IKernelServer#read()', () => {
  it('sends a request below the server’s base URL', async () => {
    const { requests, server } = connect(
      Response.json(golden('server_reading'))
    );
    expect(await server.read('a-b')).toEqual(
      decoded(decodeServerReading, 'server_reading')
    );
    expect(requests).toEqual([
      'GET http://lab/user/jupyter_memkit/kernels/a-b/memory'
    ]);
  });

  it('returns that the process has ended', async () => {
    const { server } = connect(Response.json(golden('server_reading_dead')));
    expect(await server.read('a-b')).toMatchObject({ isAlive: false });
  });

  it.each(USELESS)('returns null for %s', async (_name, respond) => {
    expect(await connect(respond()).server.read('a-b')).toBeNull();
  });

  it('reads again after any of these', async () => {
    const { server } = connect(
      ...USELESS.map(([, respond]) => respond()),
      Response.json(golden('server_reading'))
    );
    for (const [name] of USELESS) {
      expect([name, await server.read('a-b')]).toEqual([name, null]);
    }
    expect(await server.read('a-b')).not.toBeNull();
  });

  it('fails if the server cannot be reached, and reads again afterwards', async () => {
    const { server } = connect(
      new ServerConnection.NetworkError(new TypeError('network')),
      Response.json(golden('server_reading'))
    );
    await expect(server.read('a-b')).rejects.toThrow('network');
    expect(await server.read('a-b')).not.toBeNull();
  });

  it('cannot be led to another address by the name of a kernel', async () => {
    const { requests, server } = connect(page(404));
    await server.read('../../api/shutdown?');
    expect(requests).toEqual([
      'GET http://lab/user/jupyter_memkit/kernels/..%2F..%2Fapi%2Fshutdown%3F/memory'
    ]);
  });
});

describe('IKernelServer#list()', () => {
  it('asks for all kernels at once', async () => {
    const { requests, server } = connect(Response.json(golden('kernel_list')));
    expect(await server.list()).toEqual(
      decoded(decodeKernelList, 'kernel_list')
    );
    expect(requests).toEqual(['GET http://lab/user/jupyter_memkit/kernels']);
  });

  it.each(USELESS)('returns null for %s', async (_name, respond) => {
    expect(await connect(respond()).server.list()).toBeNull();
  });
});

describe('IKernelServer#readDeath()', () => {
  it('returns the last death of the notebook’s kernels', async () => {
    const { requests, server } = connect(Response.json(golden('last_death')));
    expect(await server.readDeath('a-b')).toEqual(
      decoded(decodeLastDeath, 'last_death').death
    );
    expect(requests).toEqual([
      'GET http://lab/user/jupyter_memkit/kernels/a-b/death'
    ]);
  });

  it('returns null if none has died', async () => {
    const { server } = connect(Response.json(golden('last_death_none')));
    expect(await server.readDeath('a-b')).toBeNull();
  });

  it.each(USELESS)('returns null for %s', async (_name, respond) => {
    expect(await connect(respond()).server.readDeath('a-b')).toBeNull();
  });
});

describe('IKernelServer#dismissDeath()', () => {
  it('asks the server to forget that death', async () => {
    const { requests, server } = connect(new Response(null, { status: 204 }));
    await server.dismissDeath('a-b', 'kernel/1');
    expect(requests).toEqual([
      'DELETE http://lab/user/jupyter_memkit/kernels/a-b/death/kernel%2F1'
    ]);
  });

  it('does not mind that it is forgotten already', async () => {
    const { server } = connect(page(404));
    await expect(server.dismissDeath('a-b', '1')).resolves.toBeUndefined();
  });
});
