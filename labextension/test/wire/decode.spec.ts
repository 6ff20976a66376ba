import { describe, expect, it } from 'vitest';

import type { Decoder } from '../../src/wire/decode';
import {
  Malformed,
  boolean,
  columns,
  listOf,
  literal,
  nullable,
  number,
  record,
  string,
  tagged
} from '../../src/wire/decode';

/** What a decoder says about a value, at the place `message`. */
function fault(decode: Decoder<unknown>, value: unknown): string | null {
  try {
    decode(value, 'message');
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(Malformed);
    return (error as Malformed).message;
  }
}

const point = record<{ readonly atX: number; readonly mark: string | null }>({
  atX: ['at_x', number],
  mark: ['mark', nullable(string)]
});

describe('a decoder of a single value', () => {
  it.each<[string, Decoder<unknown>, unknown]>([
    ['a number', number, 1.5],
    ['zero', number, 0],
    ['a text', string, 'a'],
    ['an empty text', string, ''],
    ['a boolean', boolean, false],
    ['one of the literals', literal('stop', 'warn'), 'warn'],
    ['null where it is allowed', nullable(number), null],
    ['a value where null is allowed', nullable(number), 3]
  ])('returns %s unchanged', (_name, decode, value) => {
    expect(decode(value, 'message')).toBe(value);
  });

  it.each<[string, Decoder<unknown>, unknown, string]>([
    ['a text for a number', number, '1', 'a number'],
    ['no number at all', number, Number.NaN, 'a number'],
    ['an infinite number', number, Infinity, 'a number'],
    ['a missing number', number, undefined, 'a number'],
    ['null for a number', number, null, 'a number'],
    ['a number for a text', string, 1, 'a string'],
    ['an object for a text', string, new String('a'), 'a string'],
    ['a number for a boolean', boolean, 1, 'a boolean'],
    ['another literal', literal('stop', 'warn'), 'kill', 'stop or warn'],
    ['a missing value for null', nullable(number), undefined, 'a number']
  ])('refuses %s, and names its place', (_name, decode, value, expected) => {
    expect(fault(decode, value)).toBe(`message is not ${expected}`);
  });
});

describe('listOf', () => {
  it('decodes each item', () => {
    expect(listOf(nullable(number))([1, null, 2], 'message')).toEqual([
      1,
      null,
      2
    ]);
    expect(listOf(number)([], 'message')).toEqual([]);
  });

  it('names the item that is wrong', () => {
    expect(fault(listOf(number), [1, 2, '3'])).toBe(
      'message[2] is not a number'
    );
  });

  it.each([null, undefined, 'list', { length: 0 }])('refuses %o', value => {
    expect(fault(listOf(number), value)).toBe('message is not a list');
  });
});

describe('record', () => {
  it('gives fields the names of the page', () => {
    expect(point({ at_x: 1, mark: 'a' }, 'message')).toEqual({
      atX: 1,
      mark: 'a'
    });
  });

  it('drops fields that this version does not know', () => {
    const value = { at_x: 1, mark: null, colour: 'red' };
    expect(point(value, 'message')).toEqual({ atX: 1, mark: null });
  });

  it('names the field that is wrong, as it is called in the message', () => {
    expect(fault(point, { at_x: '1', mark: null })).toBe(
      'message.at_x is not a number'
    );
  });

  it('refuses a record without a field, even one that may be null', () => {
    expect(fault(point, { at_x: 1 })).toBe('message.mark is not a string');
  });

  it('names a place within places', () => {
    const path = record<{ readonly points: readonly unknown[] }>({
      points: ['points', listOf(point)]
    });
    const value = {
      points: [
        { at_x: 1, mark: null },
        { at_x: 2, mark: 3 }
      ]
    };
    expect(fault(path, value)).toBe('message.points[1].mark is not a string');
  });

  it.each([null, undefined, 1, 'text', []])('refuses %o', value => {
    expect(fault(point, value)).toBe('message is not an object');
  });
});

describe('columns', () => {
  const track = columns<{
    readonly tS: readonly number[];
    readonly bytes: readonly number[];
  }>({ tS: ['t_s', listOf(number)], bytes: ['bytes', listOf(number)] });

  it('accepts columns of equal length, also empty ones', () => {
    expect(track({ t_s: [1, 2], bytes: [3, 4] }, 'message')).toEqual({
      tS: [1, 2],
      bytes: [3, 4]
    });
    expect(track({ t_s: [], bytes: [] }, 'message')).toEqual({
      tS: [],
      bytes: []
    });
  });

  it('refuses columns of unequal length', () => {
    expect(fault(track, { t_s: [1, 2], bytes: [3] })).toBe(
      'message is not a record of columns of equal length'
    );
  });
});

describe('tagged', () => {
  interface ICircle {
    readonly type: 'circle';
    readonly radius: number;
  }
  interface ISquare {
    readonly type: 'square';
    readonly side: number;
  }
  const shape = tagged<ICircle | ISquare>({
    circle: record<ICircle>({
      type: ['type', literal('circle')],
      radius: ['radius', number]
    }),
    square: record<ISquare>({
      type: ['type', literal('square')],
      side: ['side', number]
    })
  });

  it('decodes a record by its type', () => {
    expect(shape({ type: 'square', side: 2 }, 'message')).toEqual({
      type: 'square',
      side: 2
    });
  });

  it('refuses a record with the fields of another type', () => {
    expect(fault(shape, { type: 'circle', side: 2 })).toBe(
      'message.radius is not a number'
    );
  });

  // The last two are properties of every object.
  it.each(['triangle', undefined, null, 'constructor', '__proto__'])(
    'refuses the type %o',
    type => {
      expect(fault(shape, { type, side: 2 })).toBe(
        'message.type is not a known type'
      );
    }
  );

  it('refuses what is not an object', () => {
    expect(fault(shape, 'circle')).toBe('message is not an object');
  });
});
