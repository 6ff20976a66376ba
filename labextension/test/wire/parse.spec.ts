import { describe, expect, it } from 'vitest';

import { parseBroadcast, parseReading, parseReply } from '../../src/wire/parse';
import type {
  Cells,
  Samples,
  IServerReading,
  Snapshot
} from '../../src/wire/protocol';
import { golden } from '../fakes/golden';

type Place = [message: string, ...path: (string | number)[]];

const PAUSE: Place = ['snapshot', 'present', 'collector_pause'];
const FIRST_GPU: Place = ['snapshot', 'present', 'gpus', 0];
const FIRST_ALLOCATOR: Place = [...FIRST_GPU, 'allocators', 0];
const FIRST_CELL: Place = ['snapshot', 'cells', 0];

/** Places with what a test calls them. */
function named(places: Place[]): [string, Place][] {
  return places.map(place => [place.join('.'), place]);
}

/** A golden message with one field changed, or taken out for `undefined`. */
function broken([name, ...path]: Place, value: unknown): unknown {
  return JSON.parse(JSON.stringify(change(golden(name), path, value)));
}

function change(
  within: unknown,
  [key, ...rest]: (string | number)[],
  value: unknown
): unknown {
  if (key === undefined) {
    return value;
  }
  if (Array.isArray(within)) {
    return within.map((item: unknown, index) =>
      index === key ? change(item, rest, value) : item
    );
  }
  const entries = Object.entries(within ?? {}).map(
    ([name, item]: [string, unknown]): [string, unknown] => [
      name,
      name === key ? change(item, rest, value) : item
    ]
  );
  return Object.fromEntries(entries);
}

describe('parseBroadcast', () => {
  it.each(['cells', 'goodbye', 'samples', 'samples_idle'])(
    'accepts the golden message "%s" as it is',
    name => {
      expect(parseBroadcast(golden(name))).toEqual(golden(name));
    }
  );

  it('reports the version of an unsupported message', () => {
    expect(parseBroadcast(golden<Samples>('samples', { protocol: 2 }))).toEqual(
      {
        type: 'foreign',
        protocol: 2
      }
    );
  });

  it('ignores an unknown type', () => {
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
        present: {
          children: 0,
          swap_bytes: 0,
          gpus: ['H100' as never],
          collector_pause: null
        }
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

  it('parses an "incompatible" of any version', () => {
    const reply = golden('incompatible', { protocol: 7 });
    expect(parseReply(reply)).toEqual(reply);
  });

  it('reports the version of any other unsupported reply', () => {
    expect(parseReply(golden<Snapshot>('snapshot', { protocol: 2 }))).toEqual({
      type: 'foreign',
      protocol: 2
    });
  });

  it.each(
    named([
      ['snapshot', 'samples', 'children_bytes'],
      ['snapshot', 'activity', 'label'],
      ['snapshot', 'activity', 'unit'],
      ['snapshot', 'activity', 'told_s'],
      ['snapshot', 'activity', 'done'],
      ['snapshot', 'activity', 'chunks'],
      ['snapshot', 'present'],
      ['snapshot', 'present', 'children'],
      ['snapshot', 'present', 'gpus'],
      [...PAUSE, 'enabled'],
      [...PAUSE, 'by'],
      [...FIRST_GPU, 'index'],
      [...FIRST_GPU, 'name'],
      [...FIRST_GPU, 'used_bytes'],
      [...FIRST_GPU, 'total_bytes'],
      [...FIRST_GPU, 'allocators'],
      [...FIRST_ALLOCATOR, 'library'],
      [...FIRST_ALLOCATOR, 'allocated_bytes'],
      [...FIRST_CELL, 'children_before_bytes'],
      [...FIRST_CELL, 'children_peak_bytes'],
      [...FIRST_CELL, 'children_exact'],
      [...FIRST_CELL, 'gc_s'],
      [...FIRST_CELL, 'gc_young'],
      [...FIRST_CELL, 'gc_middle'],
      [...FIRST_CELL, 'gc_old']
    ])
  )('refuses %s if missing, null or wrong', (_name, place) => {
    expect(
      [undefined, null, { wrong: true }].map(value =>
        parseReply(broken(place, value))
      )
    ).toEqual([null, null, null]);
  });

  it.each(
    named([
      ['snapshot', 'activity'],
      ['snapshot', 'activity', 'total'],
      ['snapshot', 'activity', 'per_s'],
      ['snapshot', 'activity', 'chunk_peak_bytes'],
      ['snapshot', 'activity', 'budget_bytes'],
      ['snapshot', 'present', 'swap_bytes'],
      PAUSE,
      [...PAUSE, 'since_s'],
      [...FIRST_GPU, 'process_bytes'],
      [...FIRST_ALLOCATOR, 'reserved_bytes'],
      [...FIRST_ALLOCATOR, 'peak_bytes'],
      [...FIRST_CELL, 'minor_faults'],
      [...FIRST_CELL, 'major_faults']
    ])
  )('takes null for an unknown %s, nothing else', (_name, place) => {
    expect(parseReply(broken(place, null))).toEqual(broken(place, null));
    expect(parseReply(broken(place, undefined))).toBeNull();
    expect(parseReply(broken(place, '1'))).toBeNull();
  });

  it('refuses a broadcast', () => {
    expect(parseReply(golden('samples'))).toBeNull();
  });
});

describe('parseReading', () => {
  it('accepts the golden message unchanged', () => {
    expect(parseReading(golden('server_reading'))).toEqual(
      golden('server_reading')
    );
  });

  it('refuses a reading of another version', () => {
    const reading = golden<IServerReading>('server_reading', { protocol: 2 });
    expect(parseReading(reading)).toBeNull();
  });
});
