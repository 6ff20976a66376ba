import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { DeathReport } from '../../src/model/deathReport';
import type { IDeath } from '../../src/wire/protocol';
import { decodeLastDeath } from '../../src/wire/protocol';
import { decoded } from '../fakes/golden';
import { settle } from '../fakes/kernel';
import { FakeServer } from '../fakes/server';

const DEATH = decoded(decodeLastDeath, 'last_death').death as IDeath;

let server: FakeServer;
let report: DeathReport;
let changes: number;

beforeEach(() => {
  server = new FakeServer();
  report = new DeathReport(server, 'kernel-1');
  changes = 0;
  report.changed.connect(() => {
    changes += 1;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function ask(): Promise<void> {
  report.ask();
  await settle();
}

describe('DeathReport', () => {
  it('asks nothing by itself', () => {
    expect(report.death).toBeNull();
    expect(server.requests).toEqual([]);
  });

  it('has what the server keeps, and signals it once', async () => {
    server.death = DEATH;
    await ask();
    await ask();
    expect(report.death).toEqual(DEATH);
    expect(changes).toBe(1);
  });

  it('does not signal that there is none', async () => {
    await ask();
    expect([report.death, changes]).toEqual([null, 0]);
  });

  it('signals a second death', async () => {
    server.death = DEATH;
    await ask();
    server.death = { ...DEATH, id: 'second', rssBytes: 1 };
    await ask();
    expect(report.death).toEqual(server.death);
    expect(changes).toBe(2);
  });

  it('goes when it has been dismissed in another browser', async () => {
    server.death = DEATH;
    await ask();
    server.death = null;
    await ask();
    expect([report.death, changes]).toEqual([null, 2]);
  });

  it('stays, and logs it, if the server cannot be asked', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    server.death = DEATH;
    await ask();
    server.isDown = true;
    await ask();
    expect(report.death).toEqual(DEATH);
    expect(warn).toHaveBeenCalledOnce();
  });

  it('goes at once when it is dismissed', async () => {
    server.death = DEATH;
    await ask();
    const dismissed = report.dismiss();
    expect([report.death, changes]).toEqual([null, 2]);
    await dismissed;
    expect(server.requests.at(-1)).toBe(`dismiss ${DEATH.id}`);
    await ask();
    expect(report.death).toBeNull();
  });

  it('that does not exist is not dismissed', async () => {
    await report.dismiss();
    expect(server.requests).toEqual([]);
  });
});
