import { beforeEach, describe, expect, it } from 'vitest';

import { Lookup } from '../../src/model/lookup';
import type { IHints } from '../../src/wire/protocol';
import { parseReply } from '../../src/wire/parse';
import type { Answer } from '../../src/wire/questions';
import { golden } from '../fakes/golden';
import { settle } from '../fakes/kernel';

let asked: boolean[];
let answers: Answer[];
let changes: number;
let lookup: Lookup<IHints>;
let nowS: number;

beforeEach(() => {
  asked = [];
  answers = [];
  changes = 0;
  nowS = 1000;
  lookup = new Lookup<IHints>({
    ask: isPatient => {
      asked.push(isPatient);
      const answer = answers.shift();
      return answer === undefined
        ? new Promise(() => undefined)
        : Promise.resolve(answer);
    },
    read: reply => (reply.type === 'hints' ? reply : null),
    onChange: () => {
      changes += 1;
    }
  });
  lookup.isOpen = true;
});

const HINTS = parseReply(golden('hints', { took_s: 0.5 }));
const LATER = parseReply(golden('later'));
const REFUSED = parseReply(golden('refused'));

/** Let time pass while the kernel is idle or busy. */
async function pass(seconds: number, isIdle = true): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 0.25) {
    nowS += 0.25;
    lookup.update(isIdle, nowS);
    await settle();
  }
}

describe('a question to the kernel', () => {
  it('is asked at once when its answer is first shown, with patience', async () => {
    answers = [HINTS];
    await pass(0.25);
    expect(asked).toEqual([true]);
    expect(lookup.answer?.hints).toHaveLength(2);
    expect(lookup.isOutdated).toBe(false);
    expect(changes).toBe(1);
  });

  it('is not asked while the answer is hidden, or a cell runs', async () => {
    lookup.isOpen = false;
    await pass(5);
    lookup.isOpen = true;
    await pass(5, false);
    expect(asked).toEqual([]);
  });

  it('is repeated after a cell, for a small share of the time', async () => {
    answers = [HINTS, HINTS];
    await pass(0.25);
    lookup.outdate();
    await pass(9);
    expect(asked).toEqual([true]);
    await pass(2);
    expect(asked).toEqual([true, false]);
    await pass(60);
    expect(asked).toHaveLength(2);
  });

  it('waits until the kernel has been idle for a moment', async () => {
    answers = [HINTS, HINTS];
    await pass(0.25);
    lookup.outdate();
    for (let cell = 0; cell < 40; cell += 1) {
      await pass(0.25, false);
      await pass(0.5);
    }
    expect(asked).toEqual([true]);
    await pass(0.75);
    expect(asked).toEqual([true, false]);
  });

  it('is asked again at once if the user wants it', async () => {
    answers = [HINTS, HINTS];
    await pass(0.25);
    lookup.refresh();
    await pass(0.25);
    expect(asked).toEqual([true, true]);
  });

  it('is repeated, with the same patience, if a cell came first', async () => {
    answers = [LATER, HINTS];
    await pass(0.25);
    expect(lookup.answer).toBe(null);
    await pass(1);
    expect(asked).toEqual([true, true]);
    expect(lookup.answer).not.toBe(null);
  });

  it('is not asked a second time before it is answered', async () => {
    await pass(30);
    lookup.refresh();
    await pass(30);
    expect(asked).toEqual([true]);
  });

  it('is not repeated to a kernel that cannot answer', async () => {
    answers = [REFUSED, HINTS];
    await pass(0.25);
    expect(lookup.fault).toBe('unsupported');
    lookup.outdate();
    await pass(60);
    expect(asked).toHaveLength(1);
  });

  it('has failed if the kernel does not handle it, until the next cell', async () => {
    answers = [null, HINTS];
    await pass(0.25);
    expect(lookup.fault).toBe('failed');
    await pass(60);
    expect(asked).toHaveLength(1);
    lookup.outdate();
    expect(lookup.fault).toBe(null);
    await pass(1);
    expect(lookup.answer).not.toBe(null);
  });

  it('is forgotten with its answer when the process ends', async () => {
    await pass(0.25);
    lookup.clear();
    answers = [HINTS];
    await pass(0.25);
    expect(asked).toEqual([true, true]);
    lookup.clear();
    expect(lookup.answer).toBe(null);
  });
});

describe('a question on demand', () => {
  it('is asked when its answer is opened or refreshed, and not after cells', async () => {
    const counted: boolean[] = [];
    const onDemand = new Lookup<IHints>({
      ask: isPatient => {
        counted.push(isPatient);
        return Promise.resolve(HINTS);
      },
      read: reply => (reply.type === 'hints' ? reply : null),
      isOnDemand: true,
      onChange: () => undefined
    });
    const update = async (): Promise<void> => {
      nowS += 60;
      onDemand.update(true, nowS);
      await settle();
    };
    onDemand.isOpen = true;
    await update();
    onDemand.outdate();
    await update();
    await update();
    expect(counted).toEqual([true]);
    expect(onDemand.isOutdated).toBe(true);
    onDemand.refresh();
    await update();
    expect(counted).toHaveLength(2);
    onDemand.isOpen = false;
    onDemand.isOpen = true;
    await update();
    expect(counted).toHaveLength(2);
    onDemand.isOpen = false;
    onDemand.outdate();
    onDemand.isOpen = true;
    await update();
    expect(counted).toHaveLength(3);
  });
});
