import { readFileSync } from 'node:fs';

import type { Decoder } from '../../src/wire/decode';

const FIXTURES = `${import.meta.dirname}/../../../tests/fixtures`;

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(`${FIXTURES}/${path}`, 'utf-8'));
}

/**
 * A message as the kernel or the server sends it.
 */
export type RawMessage = Record<string, unknown>;

/**
 * New values by their places, such as `present.gauge`; `undefined` removes a field.
 */
export type Changes = Record<string, unknown>;

/**
 * A golden message as it is sent, with some changes.
 */
export function golden(name: string, changes: Changes = {}): RawMessage {
  let message = readJson(`protocol/${name}.json`);
  for (const [place, value] of Object.entries(changes)) {
    message = replace(message, place.split('.'), value);
  }
  // The specs of parse.ts prove that each file is an object of its type.
  return message as RawMessage;
}

/**
 * A golden message in its form in the page.
 */
export function decoded<T>(
  decode: Decoder<T>,
  name: string,
  changes: Changes = {}
): T {
  return decode(golden(name, changes), name);
}

function replace(
  within: unknown,
  [key, ...rest]: string[],
  value: unknown
): unknown {
  if (key === undefined) {
    return value;
  }
  if (Array.isArray(within)) {
    return within.map((item: unknown, index) =>
      String(index) === key ? replace(item, rest, value) : item
    );
  }
  const message = { ...(within as RawMessage) };
  message[key] = replace(message[key], rest, value);
  return Object.fromEntries(
    Object.entries(message).filter(([, field]) => field !== undefined)
  );
}

export function formatCases(): Record<string, [number, string][]> {
  return readJson('format_cases.json') as Record<string, [number, string][]>;
}
