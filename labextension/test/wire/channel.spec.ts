import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { IReceived } from '../../src/wire/channel';
import { KernelChannel } from '../../src/wire/channel';
import { decodeSamples, decodeSnapshot } from '../../src/wire/protocol';
import type { Changes } from '../fakes/golden';
import { decoded, golden } from '../fakes/golden';
import { evaluated, FakeKernel, raised, settle } from '../fakes/kernel';

let kernel: FakeKernel;
let channel: KernelChannel;
let received: IReceived[];
let isAutoloading: boolean;
let isProbing: boolean;

beforeEach(() => {
  vi.useFakeTimers({ now: 1790000011_000 });
  kernel = new FakeKernel();
  isAutoloading = false;
  isProbing = true;
  open();
});

afterEach(() => {
  channel.dispose();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function open(): void {
  received = [];
  channel = new KernelChannel({
    kernel: kernel.connection,
    sinceS: () => 12.5,
    isAutoloading: () => isAutoloading,
    isProbing: () => isProbing
  });
  channel.received.connect((_channel, message) => {
    received.push(message);
  });
}

async function connect(): Promise<void> {
  channel.connect();
  await settle();
}

async function goLive(changes: Changes = {}): Promise<void> {
  await connect();
  kernel.lastRequest.reply(golden('snapshot', changes));
}

/** The kernel is through with the request and nobody answered it. */
async function leaveUnhandled(): Promise<void> {
  kernel.lastRequest.idle();
  await vi.advanceTimersByTimeAsync(1000);
}

describe('KernelChannel#isExecuting', () => {
  it('starts when the page sends a cell, before the kernel sends "busy"', async () => {
    await goLive();
    expect(channel.isExecuting).toBe(false);
    kernel.sendCell();
    expect(channel.isExecuting).toBe(true);
    kernel.beginCell();
    kernel.endCell();
    expect(channel.isExecuting).toBe(false);
  });

  it('ends a cell from before the page with the kernel’s next message', () => {
    channel.dispose();
    kernel.status = 'busy';
    open();
    kernel.publishState('idle', 'ours', 'memkit_request');
    expect(channel.isExecuting).toBe(true);
    kernel.publishState('idle', 'info', 'kernel_info_request');
    expect(channel.isExecuting).toBe(false);
  });

  it('is false if the kernel reports no cell', async () => {
    channel.dispose();
    kernel.status = 'busy';
    open();
    await goLive({ running: null });
    expect(channel.isExecuting).toBe(false);
  });

  it('ends with a lost connection', async () => {
    await goLive();
    kernel.beginCell();
    kernel.changeConnection('disconnected');
    kernel.changeConnection('connected');
    expect(channel.isExecuting).toBe(false);
  });

  it('does not start with a silent execution', async () => {
    await goLive();
    kernel.sendCell('probe', true);
    expect(channel.isExecuting).toBe(false);
  });
});

describe('KernelChannel#connect()', () => {
  it('requests what is later than the page’s last reading', async () => {
    await connect();
    expect(kernel.lastRequest.content).toMatchObject({
      type: 'subscribe',
      protocol: 1,
      since_s: 12.5
    });
  });

  it('is live with the snapshot', async () => {
    await goLive();
    expect(channel.status).toEqual({ kind: 'live' });
    expect(received).toEqual([
      { message: decoded(decodeSnapshot, 'snapshot'), sentS: 1790000011 }
    ]);
  });

  it('sends no request to a kernel that is not Python', async () => {
    kernel.language = 'R';
    await connect();
    expect(channel.status).toEqual({ kind: 'unsupported', language: 'r' });
    expect(kernel.requests).toEqual([]);
  });

  it('uses the language of the specification while a busy kernel is silent', async () => {
    vi.spyOn(kernel, 'info', 'get').mockReturnValue(
      new Promise(() => undefined)
    );
    kernel.spec = Promise.resolve({ language: 'python' });
    await connect();
    expect(kernel.requestTypes).toEqual(['subscribe']);
  });

  it('reports a dead kernel', async () => {
    kernel.status = 'dead';
    await connect();
    expect(channel.status).toEqual({ kind: 'lost', reason: 'died' });
  });

  it('reports a lost connection', async () => {
    kernel.connectionStatus = 'disconnected';
    await connect();
    expect(channel.status).toEqual({ kind: 'lost', reason: 'disconnected' });
  });

  it('waits for a slow kernel, and accepts the late reply', async () => {
    await connect();
    await vi.advanceTimersByTimeAsync(6000);
    expect(channel.status).toEqual({ kind: 'busy' });
    kernel.lastRequest.reply(golden('snapshot'));
    expect(channel.status).toEqual({ kind: 'live' });
  });

  it('reports both versions if they differ', async () => {
    await connect();
    kernel.lastRequest.reply(golden('incompatible', { protocol: 3 }));
    expect(channel.status).toEqual({ kind: 'incompatible', kernel: 3, lab: 1 });
  });

  it('reports a refusal', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    await connect();
    kernel.lastRequest.reply(golden('refused'));
    expect(channel.status).toEqual({ kind: 'lost', reason: 'refused' });
    expect(error).toHaveBeenCalledOnce();
  });

  it('ignores a reply of another type', async () => {
    await connect();
    kernel.lastRequest.reply(golden('snapshot'), 'other_reply');
    expect(channel.status).toEqual({ kind: 'connecting' });
  });

  it('reports a reply that cannot be decoded, and where it is wrong', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    await connect();
    kernel.lastRequest.reply(golden('snapshot', { 'present.gpus': null }));
    expect(channel.status).toEqual({ kind: 'unreadable' });
    expect(received).toEqual([]);
    expect(error.mock.calls).toEqual([
      [expect.any(String), 'message.present.gpus is not a list']
    ]);
  });

  it('reports a reply of another version', async () => {
    await connect();
    kernel.lastRequest.reply(golden('snapshot', { protocol: 2 }));
    expect(channel.status).toEqual({ kind: 'incompatible', kernel: 2, lab: 1 });
  });

  it('logs that the kernel does not report its language', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    vi.spyOn(kernel, 'info', 'get').mockReturnValue(
      Promise.reject(new Error('gone'))
    );
    await connect();
    expect(warn).toHaveBeenCalledOnce();
    expect(kernel.requests).toEqual([]);
  });
});

describe('a connection that cannot send on the control channel', () => {
  it('is reported as unsupported', async () => {
    channel.dispose();
    Object.assign(kernel, { sendControlMessage: undefined });
    open();
    await connect();
    channel.renew();
    expect(channel.status).toEqual({ kind: 'unsupported', language: 'python' });
  });
});

describe('a kernel that does not answer', () => {
  it('is "not loaded" if the package is installed', async () => {
    kernel.results = { find_spec: evaluated('True') };
    await connect();
    await leaveUnhandled();
    expect(channel.status).toEqual({ kind: 'not-loaded', error: null });
  });

  it('is "not installed" if it is not', async () => {
    kernel.results = { find_spec: evaluated('False') };
    await connect();
    await leaveUnhandled();
    expect(channel.status).toEqual({ kind: 'not-installed' });
  });

  it('is not asked again because of our own execution', async () => {
    kernel.results = { find_spec: evaluated('False') };
    await connect();
    await leaveUnhandled();
    await settle();
    expect(kernel.requests.length).toBe(1);
  });

  it('is asked again when a cell has ended', async () => {
    kernel.results = { find_spec: evaluated('False') };
    await connect();
    await leaveUnhandled();
    kernel.endCell();
    kernel.lastRequest.reply(golden('snapshot'));
    expect(channel.status).toEqual({ kind: 'live' });
  });

  it('is "busy" while a cell runs, without being executed in', async () => {
    await connect();
    kernel.beginCell();
    await leaveUnhandled();
    expect(channel.status).toEqual({ kind: 'busy' });
    expect(kernel.executed).toEqual([]);
  });

  it('is also "busy" if the cell started before the page', async () => {
    channel.dispose();
    kernel.status = 'busy';
    open();
    await connect();
    await leaveUnhandled();
    expect(channel.status).toEqual({ kind: 'busy' });
    kernel.endCell();
    expect(kernel.requests.length).toBe(2);
  });

  it('accepts a reply just after the kernel’s "idle"', async () => {
    await connect();
    kernel.lastRequest.idle();
    kernel.lastRequest.reply(golden('snapshot'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(channel.status).toEqual({ kind: 'live' });
  });
});

describe('a kernel that does not answer while the panel is closed', () => {
  beforeEach(() => {
    isProbing = false;
  });

  it('is "not loaded", and nothing is executed in it', async () => {
    await connect();
    await leaveUnhandled();
    expect(channel.status).toEqual({ kind: 'not-loaded', error: null });
    expect(kernel.executed).toEqual([]);
  });

  it('is not loaded automatically', async () => {
    isAutoloading = true;
    await connect();
    await leaveUnhandled();
    expect(kernel.executed).toEqual([]);
  });

  it('is probed by a new connection once the panel is open', async () => {
    kernel.results = { find_spec: evaluated('False') };
    await connect();
    await leaveUnhandled();
    isProbing = true;
    await connect();
    await leaveUnhandled();
    expect(channel.status).toEqual({ kind: 'not-installed' });
  });
});

describe('KernelChannel#load()', () => {
  it('subscribes once the extension is loaded', async () => {
    kernel.results = { load_extension: evaluated('None') };
    await channel.load();
    kernel.lastRequest.reply(golden('snapshot'));
    expect(channel.status).toEqual({ kind: 'live' });
  });

  it('reports why loading failed', async () => {
    kernel.results = { load_extension: raised('ImportError', 'no psutil') };
    await channel.load();
    expect(channel.status).toEqual({
      kind: 'not-loaded',
      error: 'ImportError: no psutil'
    });
  });

  it('reports an aborted execution as failed', async () => {
    await channel.load();
    expect(channel.status).toMatchObject({ kind: 'not-loaded' });
    expect(channel.status).not.toMatchObject({ error: null });
  });

  it('happens automatically, once, if the setting is on', async () => {
    isAutoloading = true;
    kernel.results = {
      find_spec: evaluated('True'),
      load_extension: evaluated('None')
    };
    await connect();
    await leaveUnhandled();
    await leaveUnhandled();
    expect(channel.status).toEqual({ kind: 'not-loaded', error: null });
    expect(
      kernel.executed.filter(code => code.includes('load_extension')).length
    ).toBe(1);
  });
});

describe('KernelChannel#runMagic()', () => {
  it('runs a magic without a trace in the history', async () => {
    kernel.results = { run_line_magic: evaluated('None') };
    await goLive();
    await channel.runMagic('memguard', 'auto');
    expect(kernel.executed).toEqual([
      '__import__("IPython").get_ipython().run_line_magic("memguard", "auto")'
    ]);
    expect(channel.status).toEqual({ kind: 'live' });
  });

  it('is not the user’s cell', async () => {
    kernel.results = { run_line_magic: evaluated('None') };
    await goLive();
    const states: boolean[] = [];
    kernel.iopubMessage.connect(() => {
      states.push(channel.isExecuting);
    });
    await channel.runMagic('memfree', '');
    expect(states).toEqual([false]);
    expect(kernel.requests.length).toBe(1);
  });

  it('fails with what the magic raised', async () => {
    kernel.results = { run_line_magic: raised('UsageError', 'no such mark') };
    await expect(channel.runMagic('memguard', '5')).rejects.toThrow(
      'UsageError: no such mark'
    );
  });

  it('fails if the kernel drops the request', async () => {
    await expect(channel.runMagic('memfree', '')).rejects.toThrow('aborted');
  });
});

describe('broadcasts', () => {
  it('are received before any reply', async () => {
    await connect();
    kernel.broadcast(golden('samples'));
    expect(channel.status).toEqual({ kind: 'live' });
    expect(received).toEqual([
      { message: decoded(decodeSamples, 'samples'), sentS: 1790000011 }
    ]);
  });

  it('of other extensions are ignored', async () => {
    await connect();
    kernel.sendComm(golden('samples'));
    kernel.publishState('starting', 'x', 'memkit_broadcast');
    expect(received).toEqual([]);
    expect(channel.status).toEqual({ kind: 'connecting' });
  });

  it.each([
    ['of an unknown type', { type: 'variables', protocol: 1 }],
    ['that is not a message at all', null],
    ['with a wrong field', golden('samples', { 'present.children': '2' })]
  ])('%s make the kernel unreadable, and are logged once', async (_n, data) => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    await goLive();
    kernel.broadcast(data);
    kernel.broadcast(data);
    expect(channel.status).toEqual({ kind: 'unreadable' });
    expect(received.length).toBe(1);
    expect(error).toHaveBeenCalledOnce();
  });

  it('are logged once even if readable ones come in between', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    await goLive();
    for (let turn = 0; turn < 3; turn += 1) {
      kernel.broadcast(golden('samples', { 'present.children': '2' }));
      kernel.broadcast(golden('cells'));
    }
    expect(error).toHaveBeenCalledOnce();
  });

  it('that can be read again make the kernel live again', async () => {
    vi.spyOn(console, 'error').mockReturnValue();
    await goLive();
    kernel.broadcast(null);
    kernel.broadcast(golden('samples'));
    expect(channel.status).toEqual({ kind: 'live' });
  });

  it('of another version report both versions', async () => {
    await connect();
    kernel.broadcast(golden('samples', { protocol: 2 }));
    expect(channel.status).toEqual({ kind: 'incompatible', kernel: 2, lab: 1 });
  });

  it('are renewed when a quarter of the credit is left', async () => {
    await goLive({ credit: 8 });
    for (let broadcast = 1; broadcast <= 5; broadcast += 1) {
      kernel.broadcast(golden('samples'));
    }
    expect(kernel.requests.length).toBe(1);
    kernel.broadcast(golden('samples'));
    expect(kernel.requestTypes).toEqual(['subscribe', 'subscribe']);
    kernel.broadcast(golden('samples'));
    expect(kernel.requests.length).toBe(2);
  });

  it('run out for a hidden page, and are renewed when it is shown', async () => {
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    await goLive({ credit: 4 });
    for (let broadcast = 1; broadcast <= 4; broadcast += 1) {
      kernel.broadcast(golden('samples'));
    }
    channel.renew();
    expect(kernel.requests.length).toBe(1);
    hidden.mockRestore();
    channel.renew();
    expect(kernel.requests.length).toBe(2);
  });

  it('end with a "goodbye"', async () => {
    await goLive();
    kernel.broadcast(golden('goodbye'));
    expect(channel.status).toEqual({ kind: 'not-loaded', error: null });
  });
});

describe('a restart', () => {
  it('is followed by a new subscription when the kernel is idle', async () => {
    await goLive();
    kernel.changeStatus('restarting');
    expect(channel.status).toEqual({ kind: 'connecting' });
    kernel.changeConnection('connected');
    expect(kernel.requests.length).toBe(1);
    kernel.changeStatus('idle');
    await settle();
    kernel.lastRequest.reply(golden('snapshot'));
    expect(kernel.requests.length).toBe(2);
    expect(channel.status).toEqual({ kind: 'live' });
  });

  it('drops the running cell', async () => {
    await goLive();
    kernel.beginCell();
    expect(channel.isExecuting).toBe(true);
    kernel.changeStatus('autorestarting');
    expect(channel.isExecuting).toBe(false);
  });
});

describe('a restart that JupyterLab does not know of', () => {
  let replaced: number[];

  beforeEach(() => {
    replaced = [];
    channel.replaced.connect((_channel, atS) => replaced.push(atS));
  });

  it.each([
    ['starting', 'no_request', false],
    ['busy', 'execute_request', true]
  ])('is noticed when it is %s', async (state, request, isExecuting) => {
    await goLive();
    kernel.beginCell('before');
    kernel.session = 'process-2';
    kernel.publishState(state, 'cell', request);
    expect(replaced).toHaveLength(1);
    expect(channel.isExecuting).toBe(isExecuting);
    expect(channel.status).toEqual({ kind: 'connecting' });
    await settle();
    kernel.lastRequest.reply(golden('snapshot'));
    expect(kernel.requests.length).toBe(2);
    expect(channel.status).toEqual({ kind: 'live' });
  });

  it('ended the process when that was last heard', async () => {
    await goLive();
    kernel.beginCell();
    const heardS = Date.now() / 1000;
    vi.advanceTimersByTime(5000);
    kernel.session = 'process-2';
    kernel.publishState('starting', 'none', 'no_request');
    expect(replaced).toEqual([heardS]);
  });

  it('is not taken from what the server publishes', async () => {
    await goLive();
    kernel.beginCell();
    kernel.session = 'server';
    kernel.publishState('restarting', 'cell');
    expect(replaced).toEqual([]);
  });

  it('is of no interest without readings', () => {
    channel.connect();
    kernel.beginCell();
    kernel.session = 'client';
    kernel.endCell();
    expect(replaced).toEqual([]);
  });
});

describe('a kernel that restarts', () => {
  it('ten times in a row is subscribed to each time', async () => {
    await goLive();
    for (let turn = 0; turn < 10; turn += 1) {
      kernel.changeStatus('autorestarting');
      kernel.changeStatus('busy');
      await settle();
      kernel.lastRequest.reply(golden('snapshot_empty'));
    }
    expect(channel.status).toEqual({ kind: 'live' });
    expect(kernel.requests.length).toBe(11);
    expect(channel.isExecuting).toBe(false);
  });
});

describe('a lost', () => {
  it('kernel is reported', async () => {
    await goLive();
    kernel.changeStatus('dead');
    expect(channel.status).toEqual({ kind: 'lost', reason: 'died' });
  });

  it('kernel that is shut down is reported', async () => {
    await goLive();
    kernel.changeStatus('terminating');
    expect(channel.status).toEqual({ kind: 'lost', reason: 'died' });
  });

  it('connection is reported, and recovers when it is restored', async () => {
    await goLive();
    kernel.changeConnection('connecting');
    expect(channel.status).toEqual({ kind: 'connecting' });
    kernel.changeConnection('disconnected');
    expect(channel.status).toEqual({ kind: 'lost', reason: 'disconnected' });
    kernel.changeConnection('connecting');
    expect(channel.status).toEqual({ kind: 'lost', reason: 'disconnected' });
    kernel.changeConnection('connected');
    await settle();
    kernel.lastRequest.reply(golden('snapshot'));
    expect(channel.status).toEqual({ kind: 'live' });
  });
});

describe('KernelChannel#dispose()', () => {
  it('cancels the subscription', async () => {
    await goLive();
    channel.dispose();
    expect(kernel.requestTypes).toEqual(['subscribe', 'unsubscribe']);
  });

  it('sends nothing to a lost kernel', async () => {
    await goLive();
    kernel.connectionStatus = 'disconnected';
    channel.dispose();
    expect(kernel.requestTypes).toEqual(['subscribe']);
  });

  it('removes all listeners', async () => {
    await goLive();
    channel.dispose();
    kernel.broadcast(golden('samples'));
    kernel.sendCell();
    kernel.changeStatus('restarting');
    kernel.changeStatus('idle');
    kernel.changeConnection('disconnected');
    await settle();
    expect(channel.isExecuting).toBe(false);
    expect(received.length).toBe(1);
    expect(kernel.requestTypes).toEqual(['subscribe', 'unsubscribe']);
    expect(channel.status).toEqual({ kind: 'live' });
  });

  it('sends nothing before the kernel’s language is known', async () => {
    channel.connect();
    channel.dispose();
    await settle();
    expect(kernel.requests).toEqual([]);
  });
});
