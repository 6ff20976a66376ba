import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { CONNECTION } from '../../src/live/host';
import { LiveModel } from '../../src/live/model';
import { golden } from '../fakes/golden';
import { FakeHost } from './host';

let host: FakeHost;
let model: LiveModel;
let changes: number;

beforeEach(() => {
  vi.useFakeTimers({ now: 1790000010_500 });
  host = new FakeHost();
  changes = 0;
  model = new LiveModel(host, () => {
    changes += 1;
  });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the model of the widget', () => {
  it('subscribes as the golden request does', () => {
    const [request] = host.sent;
    expect({ ...request, client_id: 'a' }).toEqual({
      ...golden('subscribe'),
      client_id: 'a',
      since_s: 0
    });
    expect(model.state).toBe('waiting');
    expect(model.reading).toBeNull();
  });

  it('shows the history, then what changes', () => {
    host.receive(golden('snapshot'));
    expect(model.state).toBe('live');
    const { length } = model.timeline;
    expect(length).toBeGreaterThan(0);
    host.receive(golden('samples', { 'samples.t_s': [1790000020] }));
    expect(model.timeline.length).toBe(length + 1);
    expect(model.reading?.rssBytes).toBe(419430400);
    expect(changes).toBe(2);
  });

  it('draws without a history what a running cell sends', () => {
    host.receive(golden('samples'));
    expect(model.state).toBe('live');
    expect(model.timeline.length).toBe(1);
  });

  it('links no cells, which only JupyterLab could show', () => {
    host.receive(golden('snapshot'));
    host.receive(golden('cells'));
    const ids = [...model.cells, model.running, model.present?.highest].map(
      cell => cell?.cellId ?? null
    );
    expect(new Set(ids)).toEqual(new Set([null]));
  });

  it('asks for variables once, after the cells have rested', () => {
    host.receive(golden('snapshot', { running: null }));
    model.tick();
    expect(host.lastSent).toBe('subscribe');
    vi.advanceTimersByTime(600);
    model.tick();
    model.tick();
    expect(host.sent.map(({ type }) => type)).toEqual([
      'subscribe',
      'variables'
    ]);
    expect(host.sent[1]).toEqual({
      ...golden('ask_variables'),
      is_patient: false
    });
    host.receive(golden('variables'));
    expect(model.variables?.variables[0]?.name).toBe('orders');
  });

  it('asks for no variables while a cell runs', () => {
    host.receive(golden('snapshot'));
    expect(model.running).not.toBeNull();
    vi.advanceTimersByTime(600);
    model.tick();
    expect(host.lastSent).toBe('subscribe');
  });

  it('renews its subscription before it is used up', () => {
    host.receive(golden('snapshot', { credit: 4 }));
    host.receive(golden('cells'));
    model.tick();
    expect(host.sent).toHaveLength(1);
    host.receive(golden('cells'));
    host.receive(golden('cells'));
    model.tick();
    model.tick();
    expect(host.sent.map(({ type }) => type)).toEqual([
      'subscribe',
      'subscribe'
    ]);
    expect(host.sent[1]?.['since_s']).toBe(1790000010.5);
  });

  it('is stale when a running cell is silent', () => {
    host.receive(golden('snapshot'));
    expect(model.staleSinceS).toBeNull();
    vi.advanceTimersByTime(4000);
    expect(model.staleSinceS).toBe(1790000010.5);
  });

  it.each([
    ['foreign', golden('snapshot', { protocol: 9 })],
    ['incompatible', golden('incompatible')],
    ['refused', golden('refused')],
    ['unreadable', { type: 'samples', protocol: 1 }],
    ['empty', null]
  ])('says so when messages are %s', (_name, message) => {
    host.receive(message);
    expect(model.state).toBe('incompatible');
  });

  it('ends with the kernel, and sends nothing more', () => {
    host.receive(golden('snapshot'));
    host.emit(CONNECTION);
    expect(model.state).toBe('ended');
    expect(model.running).toBeNull();
    expect(model.staleSinceS).not.toBeNull();
    vi.advanceTimersByTime(600);
    model.tick();
    model.dispose();
    expect(host.sent).toHaveLength(1);
  });

  it('ends when it cannot send, without an error of the page', () => {
    host.receive(golden('snapshot', { running: null }));
    host.isLost = true;
    vi.advanceTimersByTime(600);
    model.tick();
    expect(model.state).toBe('ended');
  });

  it('ends with the extension, and returns with the kernel', () => {
    host.receive(golden('snapshot'));
    host.receive(golden('goodbye'));
    expect(model.state).toBe('ended');
    host.receive(golden('samples'));
    expect(model.state).toBe('live');
  });

  it('leaves no listener, and unsubscribes', () => {
    model.dispose();
    expect(host.lastSent).toBe('unsubscribe');
    expect(host.listening).toBe(0);
  });
});
