import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Subscription } from '../../src/wire/subscription';
import { golden } from '../fakes/golden';
import { FakeKernel } from '../fakes/kernel';

let kernel: FakeKernel;
let replies: string[];
let subscription: Subscription;

beforeEach(() => {
  vi.useFakeTimers();
  kernel = new FakeKernel();
  replies = [];
  subscription = build();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function build(): Subscription {
  return new Subscription({
    kernel,
    sinceS: () => 12.5,
    onReply: reply => replies.push(reply.type),
    onUnhandled: () => replies.push('nothing'),
    onSlow: () => undefined
  });
}

function grant(credit: number): void {
  subscription.open();
  kernel.lastRequest.reply(golden('snapshot', { credit }));
}

function spend(count: number): void {
  for (let broadcast = 0; broadcast < count; broadcast += 1) {
    subscription.spend();
  }
}

describe('Subscription', () => {
  it('requests what is later than the page’s last reading', () => {
    subscription.open();
    expect(kernel.lastRequest.content).toMatchObject({
      type: 'subscribe',
      protocol: 1,
      since_s: 12.5
    });
  });

  it('is renewed under the same name, and another page has another', () => {
    grant(4);
    spend(3);
    build().open();
    const names = kernel.requests.map(({ content }) => content['client_id']);
    expect(names[1]).toBe(names[0]);
    expect(names[2]).not.toBe(names[0]);
  });

  it('replaces a request that is pending', () => {
    subscription.open();
    const first = kernel.lastRequest;
    subscription.open();
    expect(first.isDisposed).toBe(true);
    kernel.lastRequest.reply(golden('snapshot'));
    expect(replies).toEqual(['snapshot']);
  });

  it.each([
    [8, 6],
    [600, 450],
    [1, 1]
  ])('of %d broadcasts is renewed after %d', (credit, spent) => {
    grant(credit);
    spend(spent - 1);
    expect(kernel.requests.length).toBe(1);
    spend(1);
    expect(kernel.requests.length).toBe(2);
  });

  it('is renewed once, however many broadcasts follow', () => {
    grant(8);
    spend(20);
    expect(kernel.requests.length).toBe(2);
  });

  it('is not renewed while the page is hidden', () => {
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    grant(4);
    spend(4);
    subscription.renew();
    expect(kernel.requests.length).toBe(1);
    hidden.mockReturnValue(false);
    subscription.renew();
    expect(kernel.requests.length).toBe(2);
  });

  it('is not renewed by a refusal', () => {
    subscription.open();
    kernel.lastRequest.reply(golden('refused'));
    expect(replies).toEqual(['refused']);
    expect(kernel.requests.length).toBe(1);
  });
});

describe('Subscription#dispose()', () => {
  it('ends the broadcasts', () => {
    grant(8);
    subscription.dispose();
    subscription.dispose();
    expect(kernel.requestTypes).toEqual(['subscribe', 'unsubscribe']);
    expect(subscription.isDisposed).toBe(true);
  });

  it('ends them also if the kernel has not answered yet', () => {
    subscription.open();
    subscription.dispose();
    expect(kernel.requestTypes).toEqual(['subscribe', 'unsubscribe']);
    kernel.requests[0]?.reply(golden('snapshot'));
    expect(replies).toEqual([]);
  });

  it('sends nothing if there was no subscription', () => {
    subscription.dispose();
    expect(kernel.requests).toEqual([]);
  });

  it('sends nothing to a kernel that has forgotten the page', () => {
    grant(8);
    subscription.forfeit();
    subscription.dispose();
    expect(kernel.requestTypes).toEqual(['subscribe']);
  });

  it.each([
    ['that is dead', { status: 'dead' }],
    ['that is closed', { isDisposed: true }],
    ['that is out of reach', { connectionStatus: 'connecting' }]
  ])('sends nothing to a kernel %s', (_name, state) => {
    grant(8);
    Object.assign(kernel, state);
    subscription.dispose();
    expect(kernel.requestTypes).toEqual(['subscribe']);
  });

  it('leaves no timer once the kernel has answered', () => {
    grant(8);
    subscription.dispose();
    kernel.lastRequest.reply(golden('unsubscribed'));
    expect(vi.getTimerCount()).toBe(0);
    expect(replies).toEqual(['snapshot']);
  });

  it('leaves no timer if the kernel does not know the request', () => {
    grant(8);
    subscription.dispose();
    kernel.lastRequest.idle();
    vi.advanceTimersByTime(6000);
    expect(vi.getTimerCount()).toBe(0);
    expect(replies).toEqual(['snapshot']);
  });
});
