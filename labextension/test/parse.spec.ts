import { describe, expect, it } from 'vitest';

import { parseBroadcast, parseReading, parseReply } from '../src/parse';
import type { Cells, Samples, ServerReading, Snapshot } from '../src/protocol';
import { golden } from './fakes/golden';

describe('parseBroadcast', () => {
  it.each(['cells', 'goodbye', 'samples', 'samples_idle'])(
    'accepts the golden message "%s" as it is',
    name => {
      expect(parseBroadcast(golden(name))).toEqual(golden(name));
    }
  );

  it('tells the version of a message that it does not speak', () => {
    expect(parseBroadcast(golden<Samples>('samples', { protocol: 2 }))).toEqual(
      {
        type: 'foreign',
        protocol: 2
      }
    );
  });

  it('ignores a type that it does not know', () => {
    expect(parseBroadcast({ type: 'variables', protocol: 1 })).toBeNull();
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'samples'],
    ['a list', []],
    ['no protocol', { type: 'goodbye' }],
    [
      'columns of unequal length',
      golden<Samples>('samples', {
        samples: {
          t_s: [1, 2],
          rss_bytes: [1, 2],
          peak_bytes: [1, 2],
          children_bytes: [1]
        }
      })
    ],
    [
      'a text for a number',
      { ...golden<Cells>('cells'), cells: [{ started_s: '1' }] }
    ],
    [
      'a text for a GPU',
      golden<Samples>('samples', {
        present: { children: 0, swap_bytes: 0, gpus: ['H100' as never] }
      })
    ],
    ['a missing field', { type: 'samples', protocol: 1, samples: {} }]
  ])('refuses %s', (_name, data) => {
    expect(parseBroadcast(data)).toBeNull();
  });
});

describe('parseReply', () => {
  it.each([
    'incompatible',
    'refused',
    'snapshot',
    'snapshot_empty',
    'unsubscribed'
  ])('accepts the golden message "%s" as it is', name => {
    expect(parseReply(golden(name))).toEqual(golden(name));
  });

  it('reads an "incompatible" of any version', () => {
    const reply = golden('incompatible', { protocol: 7 });
    expect(parseReply(reply)).toEqual(reply);
  });

  it('tells the version of another reply that it does not speak', () => {
    expect(parseReply(golden<Snapshot>('snapshot', { protocol: 2 }))).toEqual({
      type: 'foreign',
      protocol: 2
    });
  });

  it('refuses a broadcast', () => {
    expect(parseReply(golden('samples'))).toBeNull();
  });
});

describe('parseReading', () => {
  it('accepts the golden message as it is', () => {
    expect(parseReading(golden('server_reading'))).toEqual(
      golden('server_reading')
    );
  });

  it('refuses a reading of another version', () => {
    const reading = golden<ServerReading>('server_reading', { protocol: 2 });
    expect(parseReading(reading)).toBeNull();
  });
});
