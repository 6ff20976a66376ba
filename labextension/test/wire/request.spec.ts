import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  ControlRequest,
  isControlSender,
  isIdle
} from '../../src/wire/request';
import { golden } from '../fakes/golden';
import { FakeFuture, FakeKernel } from '../fakes/kernel';

let kernel: FakeKernel;
let sent: object[];
let replies: [type: string, sentS: number][];
let unhandled: number;
let slow: number;
let request: ControlRequest;

beforeEach(() => {
  vi.useFakeTimers({ now: 1790000011_000 });
  kernel = new FakeKernel();
  sent = [];
  const send = kernel.sendControlMessage.bind(kernel);
  vi.spyOn(kernel, 'sendControlMessage').mockImplementation(message => {
    sent.push(message);
    return send(message);
  });
  replies = [];
  unhandled = 0;
  slow = 0;
  request = new ControlRequest({
    kernel,
    message: { type: 'unsubscribe', protocol: 1, client_id: 'page' },
    onReply: (reply, sentS) => replies.push([reply.type, sentS]),
    onUnhandled: () => {
      unhandled += 1;
    },
    onSlow: () => {
      slow += 1;
    }
  });
});

afterEach(() => {
  request.dispose();
  vi.useRealTimers();
});

describe('ControlRequest', () => {
  it('sends a message of its own type on the control channel', () => {
    expect(sent).toMatchObject([
      {
        channel: 'control',
        header: {
          msg_type: 'memkit_request',
          session: 'client',
          username: 'user'
        },
        content: { type: 'unsubscribe', protocol: 1, client_id: 'page' }
      }
    ]);
  });

  it('ends with the reply, whose time it passes on', () => {
    kernel.lastRequest.reply(golden('unsubscribed'));
    expect(replies).toEqual([['unsubscribed', 1790000011]]);
    expect(request.isDisposed).toBe(true);
    expect(kernel.lastRequest.isDisposed).toBe(true);
  });

  it('takes a reply, however late it is', () => {
    vi.advanceTimersByTime(3_600_000);
    kernel.lastRequest.reply(golden('unsubscribed'));
    expect(replies.length).toBe(1);
    expect(slow).toBe(1);
  });

  it('reports once that there is no answer yet', () => {
    vi.advanceTimersByTime(4900);
    expect(slow).toBe(0);
    vi.advanceTimersByTime(200);
    expect(slow).toBe(1);
    expect(request.isDisposed).toBe(false);
  });

  it('also passes on a reply that cannot be decoded', () => {
    kernel.lastRequest.reply({ type: 'unsubscribed' });
    expect(replies).toEqual([['unreadable', 1790000011]]);
  });

  it('ignores other replies', () => {
    kernel.lastRequest.reply(golden('unsubscribed'), 'execute_reply');
    expect(replies).toEqual([]);
    expect(request.isDisposed).toBe(false);
  });

  it('is unhandled if the kernel is idle again and has not replied', () => {
    kernel.lastRequest.idle();
    expect(unhandled).toBe(0);
    vi.advanceTimersByTime(500);
    expect([unhandled, slow]).toEqual([1, 0]);
    expect(request.isDisposed).toBe(true);
  });

  it('waits for a reply that is slower than the kernel’s "idle"', () => {
    kernel.lastRequest.idle();
    vi.advanceTimersByTime(499);
    kernel.lastRequest.reply(golden('unsubscribed'));
    vi.advanceTimersByTime(5000);
    expect(replies.length).toBe(1);
    expect(unhandled).toBe(0);
  });

  it('is not over when the kernel begins with it', () => {
    kernel.lastRequest.onIOPub({
      header: { msg_type: 'status', date: '' },
      content: { execution_state: 'busy' }
    });
    vi.advanceTimersByTime(1000);
    expect(unhandled).toBe(0);
  });

  it('leaves no timer and hears nothing after its disposal', () => {
    kernel.lastRequest.idle();
    request.dispose();
    request.dispose();
    kernel.lastRequest.reply(golden('unsubscribed'));
    expect(vi.getTimerCount()).toBe(0);
    expect([replies.length, unhandled, slow]).toEqual([0, 0, 0]);
  });

  it('survives being cancelled by a restart', async () => {
    const done = Promise.reject(new Error('Canceled future'));
    vi.spyOn(kernel, 'sendControlMessage').mockReturnValue(
      Object.assign(new FakeFuture({}), { done })
    );
    const canceled = new ControlRequest({
      kernel,
      message: { type: 'unsubscribe', protocol: 1, client_id: 'page' },
      onReply: ({ type }) => replies.push([type, 0]),
      onUnhandled: () => undefined,
      onSlow: () => undefined
    });
    // A rejection that nobody handles fails the run.
    await vi.advanceTimersByTimeAsync(1000);
    expect(replies).toEqual([]);
    canceled.dispose();
  });
});

describe('isControlSender', () => {
  it('recognizes a connection that can send on the control channel', () => {
    expect(isControlSender(kernel)).toBe(true);
    expect(isControlSender({})).toBe(false);
    expect(isControlSender({ sendControlMessage: true })).toBe(false);
  });
});

describe('isIdle', () => {
  it.each([
    [{ execution_state: 'idle' }, true],
    [{ execution_state: 'busy' }, false],
    [{}, false],
    [null, false],
    ['idle', false]
  ])('of %o is %s', (content, expected) => {
    expect(isIdle(content)).toBe(expected);
  });
});
