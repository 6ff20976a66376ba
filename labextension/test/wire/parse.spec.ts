import { describe, expect, it } from 'vitest';

import {
  parseBroadcast,
  parseDeath,
  parseKernelList,
  parseReading,
  parseReply,
  parseTour
} from '../../src/wire/parse';
import { golden } from '../fakes/golden';

type Parse = (data: unknown) => object;

/** The golden messages, and what parses each. */
const MESSAGES: [name: string, parse: Parse][] = [
  ['cells', parseBroadcast],
  ['goodbye', parseBroadcast],
  ['samples', parseBroadcast],
  ['samples_idle', parseBroadcast],
  ['incompatible', parseReply],
  ['refused', parseReply],
  ['snapshot', parseReply],
  ['snapshot_empty', parseReply],
  ['unsubscribed', parseReply],
  ['variables', parseReply],
  ['holders', parseReply],
  ['hints', parseReply],
  ['acted', parseReply],
  ['libraries', parseReply],
  ['unloaded', parseReply],
  ['unavailable', parseReply],
  ['later', parseReply],
  ['server_reading', parseReading],
  ['server_reading_dead', parseReading],
  ['kernel_list', parseKernelList],
  ['last_death', parseDeath],
  ['last_death_none', parseDeath],
  ['tour', parseTour]
];

/** The fields that may be null, as the protocol says. */
const NULLABLE = new Set([
  'active_s',
  'after_bytes',
  'at_most_bytes',
  'activity',
  'before_bytes',
  'budget_bytes',
  'bytes',
  'cell_id',
  'chunk_peak_bytes',
  'collector_pause',
  'death',
  'error',
  'execution_count',
  'exit_status',
  'first_line',
  'gauge',
  'gpu_before_bytes',
  'gpu_peak_bytes',
  'guard',
  'highest',
  'limit_bytes',
  'limit_name',
  'made_in',
  'major_faults',
  'memory',
  'minor_faults',
  'peak_bytes',
  'peak_line',
  'per_s',
  'pid',
  'process_bytes',
  'reason',
  'reserved_bytes',
  'rest_bytes',
  'running',
  'saved_s',
  'shape',
  'signal',
  'since_s',
  'started_s',
  'swap_bytes',
  'total',
  'unknown'
]);
// The same names in records where they are always known.
const NEVER_NULL =
  /^(cells\.\d+(\.gpus\.\d+)?|running|samples)\.(first_line|peak_bytes|started_s)$|gauge\.limit_bytes$|^(?!hints\.).*\bbytes$|\.(before|after)_bytes$/;

/** The places of all fields of a message, such as `cells.0.error`. */
function placesIn(value: unknown, path: string[] = []): string[] {
  const own = path.length > 0 ? [path.join('.')] : [];
  if (typeof value !== 'object' || value === null) {
    return own;
  }
  return [
    ...own,
    ...Object.entries(value).flatMap(([key, field]) =>
      placesIn(field, [...path, key])
    )
  ];
}

/** A message with the names of the page. */
function inPage(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(inPage);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name.replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase()),
      inPage(field)
    ])
  );
}

/** A place as a reason names it. */
function asReason(place: string): string {
  return `message.${place}`.replace(/\.(\d+)/g, '[$1]');
}

describe.each(MESSAGES)('the golden message "%s"', (name, parse) => {
  const fields = placesIn(golden(name)).filter(place => place !== 'type');

  it('is parsed completely, with the names of the page', () => {
    expect(parse(golden(name))).toEqual(inPage(golden(name)));
  });

  it('is unreadable with any field of another kind, which the reason names', () => {
    const silent = fields.filter(place => {
      const parsed = parse(golden(name, { [place]: { wrong: [true] } }));
      const reason = 'reason' in parsed ? String(parsed.reason) : '';
      return !reason.startsWith(asReason(place));
    });
    expect(silent).toEqual([]);
  });

  it('is unreadable without any of its fields', () => {
    const silent = fields
      .filter(place => !/\d$/.test(place))
      .filter(place => {
        const parsed = parse(golden(name, { [place]: undefined }));
        const reason = 'reason' in parsed ? String(parsed.reason) : '';
        return !reason.startsWith(asReason(place));
      });
    expect(silent).toEqual([]);
  });

  it('takes null exactly for the figures that may be unknown', () => {
    const taken = fields.filter(place => {
      const parsed = parse(golden(name, { [place]: null }));
      return !('reason' in parsed);
    });
    expect(taken).toEqual(
      fields.filter(
        place =>
          NULLABLE.has(place.split('.').at(-1) ?? '') && !NEVER_NULL.test(place)
      )
    );
  });

  it('ignores a field that a later build has added', () => {
    expect(parse(golden(name, { news: 1 }))).toEqual(inPage(golden(name)));
  });
});

describe('parseBroadcast', () => {
  it('reports the version of a message of another version, whatever it contains', () => {
    expect(parseBroadcast({ protocol: 2, samples: 'all' })).toEqual({
      type: 'foreign',
      protocol: 2
    });
  });

  it.each([
    ['nothing', undefined, 'message is not an object'],
    ['null', null, 'message is not an object'],
    ['a text', 'samples', 'message is not an object'],
    ['a list', [], 'message is not an object'],
    ['no protocol', { type: 'goodbye' }, 'message.protocol is not a number'],
    [
      'a protocol as a text',
      { type: 'goodbye', protocol: '1' },
      'message.protocol is not a number'
    ],
    [
      'an unknown type',
      { type: 'variables', protocol: 1 },
      'message.type is not a known type'
    ],
    ['a reply', golden('snapshot'), 'message.type is not a known type'],
    [
      'columns of unequal length',
      golden('samples', { 'samples.t_s': [1, 2] }),
      'message.samples is not a record of columns of equal length'
    ],
    [
      'a gauge of an unknown kind',
      golden('samples', { 'present.gauge.covers': 'rack' }),
      'message.present.gauge.covers is not kernel or family or container or machine'
    ]
  ])('cannot read %s', (_name, data, reason) => {
    expect(parseBroadcast(data)).toEqual({ type: 'unreadable', reason });
  });

  it('does not hide a fault of its own', () => {
    const message = {
      protocol: 1,
      get type(): string {
        throw new RangeError('no such thing');
      }
    };
    expect(() => parseBroadcast(message)).toThrow(RangeError);
  });
});

describe('parseReply', () => {
  it('parses an "incompatible" of any version', () => {
    const reply = golden('incompatible', { protocol: 7 });
    expect(parseReply(reply)).toEqual(reply);
  });

  it('reports the version of any other reply of another version', () => {
    expect(parseReply(golden('snapshot', { protocol: 2 }))).toEqual({
      type: 'foreign',
      protocol: 2
    });
  });

  it('does not take a broadcast for a reply', () => {
    expect(parseReply(golden('samples'))).toMatchObject({
      type: 'unreadable',
      reason: 'message.type is not a known type'
    });
  });
});

describe.each<[string, Parse, string]>([
  ['parseReading', parseReading, 'server_reading'],
  ['parseDeath', parseDeath, 'last_death']
])('%s', (_name, parse, message) => {
  it('reports the version of an answer of another version', () => {
    expect(parse(golden(message, { protocol: 2 }))).toEqual({
      type: 'foreign',
      protocol: 2
    });
  });

  it('cannot read an answer to another question', () => {
    expect(parse(golden('goodbye'))).toMatchObject({ type: 'unreadable' });
    expect(parse(null)).toMatchObject({ type: 'unreadable' });
  });
});
