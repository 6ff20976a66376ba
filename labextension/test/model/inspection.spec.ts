import { beforeEach, describe, expect, it } from 'vitest';

import { Inspection } from '../../src/model/inspection';
import { parseReply } from '../../src/wire/parse';
import type { Act, LabMessage, Unload } from '../../src/wire/protocol';
import type { Answer } from '../../src/wire/questions';
import type { Changes } from '../fakes/golden';
import { golden } from '../fakes/golden';
import { settle } from '../fakes/kernel';

const ORDERS = { name: 'orders', token: '7f00-a0-3' };

let sent: (LabMessage | Act | Unload)[];
let answers: (Answer | Error)[];
let cellsEnded: number;
let inspection: Inspection;

beforeEach(() => {
  sent = [];
  answers = [];
  cellsEnded = 1;
  const answer = (message: LabMessage): Promise<Answer> => {
    sent.push(message);
    const next = answers.shift() ?? null;
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  };
  inspection = new Inspection({
    ask: answer,
    act: answer,
    cellsEnded: () => cellsEnded,
    onChange: () => undefined
  });
  inspection.variables.isOpen = true;
});

async function list(changes: Changes = {}): Promise<void> {
  answers.push(parseReply(golden('variables', changes)));
  inspection.variables.refresh();
  inspection.update(true, 1000);
  await settle();
}

describe('the growth', () => {
  it('is 0 in the first list', async () => {
    await list();
    expect(inspection.growth.bytes.get('orders')).toBe(0);
  });

  it('is that since the list before the last cells', async () => {
    await list();
    cellsEnded = 2;
    await list({ 'variables.0.bytes': 400_000_100 });
    await list({ 'variables.0.bytes': 400_000_300 });
    expect(inspection.growth.bytes.get('orders')).toBe(300);
    cellsEnded = 3;
    await list({ 'variables.0.bytes': 400_000_300 });
    expect(inspection.growth.bytes.get('orders')).toBe(0);
  });

  it('is unknown of new variables, and none of lower bounds', async () => {
    await list();
    cellsEnded = 2;
    await list({
      'variables.0.name': 'other',
      'variables.2.bytes': 1
    });
    expect(inspection.growth.bytes.has('other')).toBe(false);
    expect(inspection.growth.bytes.get('<b>bold</b>')).toBe(0);
  });

  it('starts again with another process', async () => {
    await list();
    inspection.clear();
    cellsEnded = 2;
    await list({ 'variables.0.bytes': 5 });
    expect(inspection.growth.bytes.get('orders')).toBe(0);
  });
});

describe('an action', () => {
  it('names the variable and its object, and keeps what came of it', async () => {
    answers = [parseReply(golden('acted'))];
    await inspection.act(ORDERS, 'shrink');
    expect(sent).toEqual([golden('act')]);
    expect(inspection.variables.outcome).toMatchObject({
      type: 'acted',
      freedBytes: 200_000_000
    });
  });

  it('makes the list outdated', async () => {
    await list();
    answers = [parseReply(golden('acted'))];
    await inspection.act(ORDERS, 'shrink');
    expect(inspection.variables.isOutdated).toBe(true);
  });

  it.each([
    ['unavailable', 'orders no longer exists'],
    ['refused', 'type must be one of']
  ])('that is %s has failed with its sentence', async (type, message) => {
    answers = [parseReply(golden(type))];
    await inspection.act(ORDERS, 'shrink');
    expect(inspection.variables.outcome).toMatchObject({ type: 'failed' });
    expect(JSON.stringify(inspection.variables.outcome)).toContain(message);
  });

  it('that raises has failed with the error', async () => {
    answers = [new Error('MemoryError: ')];
    await inspection.act(ORDERS, 'shrink');
    expect(inspection.variables.outcome).toEqual({
      type: 'failed',
      message: 'MemoryError: '
    });
  });
});

describe('unloading', () => {
  it('names the library, keeps what came of it, and lists again', async () => {
    answers = [parseReply(golden('unloaded'))];
    await inspection.unload('sympy');
    expect(sent).toEqual([golden('unload')]);
    expect(inspection.libraries.outcome?.type).toBe('unloaded');
    expect(inspection.libraries.isAwaited).toBe(true);
    expect(inspection.variables.outcome).toBeNull();
    inspection.clear();
    expect(inspection.libraries.outcome).toBeNull();
  });

  it('that is refused has failed with its sentence', async () => {
    answers = [parseReply(golden('unavailable'))];
    await inspection.unload('sympy');
    expect(inspection.libraries.outcome?.type).toBe('failed');
  });
});

describe('the holders', () => {
  it('are asked for, and kept', async () => {
    answers = [parseReply(golden('holders'))];
    await inspection.findHolders(ORDERS);
    expect(sent).toEqual([golden('ask_holders')]);
    expect(inspection.variables.outcome?.type).toBe('holders');
  });

  it('wait for the cell', async () => {
    answers = [parseReply(golden('later'))];
    await inspection.findHolders(ORDERS);
    expect(inspection.variables.outcome?.type).toBe('later');
  });

  it('are unknown if the kernel does not answer', async () => {
    await inspection.findHolders(ORDERS);
    expect(inspection.variables.outcome).toEqual({
      type: 'failed',
      message: null
    });
  });
});
