import { beforeEach, describe, expect, it } from 'vitest';

import { Handshake } from '../../src/wire/handshake';
import type { ChannelStatus } from '../../src/wire/status';
import { evaluated, FakeKernel, raised } from '../fakes/kernel';

let kernel: FakeKernel;
let events: (string | ChannelStatus)[];
let is: {
  probing: boolean;
  autoloading: boolean;
  disposed: boolean;
  live: boolean;
};

beforeEach(() => {
  kernel = new FakeKernel();
  kernel.results = {
    find_spec: evaluated('True'),
    load_extension: evaluated('None')
  };
  events = [];
  is = { probing: true, autoloading: false, disposed: false, live: false };
});

function build(canSubscribe = true): Handshake {
  return new Handshake({
    kernel: kernel.connection,
    canSubscribe,
    subscribe: () => events.push('subscribe'),
    ignore: id => events.push(`ignore ${id}`),
    isProbing: () => is.probing,
    isAutoloading: () => is.autoloading,
    isDisposed: () => is.disposed,
    isLive: () => is.live,
    onStatus: status => events.push(status)
  });
}

const NOT_LOADED: ChannelStatus = { kind: 'not-loaded', error: null };
const CONNECTING: ChannelStatus = { kind: 'connecting' };

describe('Handshake#begin()', () => {
  it('subscribes to a kernel that runs Python', async () => {
    await build().begin();
    expect(events).toEqual(['subscribe']);
  });

  it('reports another language', async () => {
    kernel.language = 'Julia';
    await build().begin();
    expect(events).toEqual([{ kind: 'unsupported', language: 'julia' }]);
  });

  it('reports a connection that cannot send requests', async () => {
    await build(false).begin();
    expect(events).toEqual([{ kind: 'unsupported', language: 'python' }]);
  });

  it('does nothing after disposal', async () => {
    const begun = build().begin();
    is.disposed = true;
    await begun;
    expect(events).toEqual([]);
  });
});

describe('Handshake#probe()', () => {
  it('executes nothing while the panel is closed', async () => {
    is.probing = false;
    is.autoloading = true;
    await build().probe();
    expect(events).toEqual([NOT_LOADED]);
    expect(kernel.executed).toEqual([]);
  });

  it('finds that the extension is installed, by an execution to be ignored', async () => {
    await build().probe();
    expect(events).toEqual(['ignore ours-1', NOT_LOADED]);
  });

  it('finds that it is not installed', async () => {
    kernel.results = { find_spec: evaluated('False') };
    is.autoloading = true;
    await build().probe();
    expect(events).toEqual(['ignore ours-1', { kind: 'not-installed' }]);
  });

  it('does not say that it is missing if there was no answer', async () => {
    kernel.results = {};
    await build().probe();
    expect(events.at(-1)).toEqual(NOT_LOADED);
  });

  it.each(['disposed', 'live'] as const)(
    'keeps its result to itself if the channel is %s meanwhile',
    async state => {
      const probed = build().probe();
      is[state] = true;
      await probed;
      expect(events).toEqual(['ignore ours-1']);
    }
  );

  it('loads the extension automatically, once for each process', async () => {
    is.autoloading = true;
    const handshake = build();
    await handshake.probe();
    expect(events.slice(1)).toEqual([CONNECTING, 'ignore ours-2', 'subscribe']);
    events = [];
    await handshake.probe();
    expect(events.slice(1)).toEqual([NOT_LOADED]);
    handshake.restart();
    events = [];
    await handshake.probe();
    expect(events.at(-1)).toBe('subscribe');
  });
});

describe('Handshake#load()', () => {
  it('reports why the extension could not be loaded', async () => {
    kernel.results = { load_extension: raised('ImportError', 'no psutil') };
    await build().load();
    expect(events).toEqual([
      CONNECTING,
      'ignore ours-1',
      { kind: 'not-loaded', error: 'ImportError: no psutil' }
    ]);
  });

  it('does not subscribe after disposal', async () => {
    const loaded = build().load();
    is.disposed = true;
    await loaded;
    expect(events).not.toContain('subscribe');
  });
});
