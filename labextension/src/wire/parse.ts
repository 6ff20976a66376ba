import type { Decoder } from './decode';
import { Malformed } from './decode';
import type {
  Broadcast,
  IKernelList,
  ILastDeath,
  IServerReading,
  ITour,
  Reply
} from './protocol';
import {
  PROTOCOL_VERSION,
  decodeBroadcast,
  decodeIncompatible,
  decodeKernelList,
  decodeLastDeath,
  decodeReply,
  decodeServerReading,
  decodeTour
} from './protocol';

/**
 * A message of a protocol version that this sidebar does not support.
 */
export interface IForeign {
  readonly type: 'foreign';
  readonly protocol: number;
}

/**
 * A message of this version that cannot be decoded, and why.
 */
export interface IUnreadable {
  readonly type: 'unreadable';
  readonly reason: string;
}

/**
 * Parse a broadcast.
 */
export function parseBroadcast(
  data: unknown
): Broadcast | IForeign | IUnreadable {
  return parse(data, decodeBroadcast);
}

/**
 * Parse a reply. An `Incompatible` is parsed whatever its version.
 */
export function parseReply(data: unknown): Reply | IForeign | IUnreadable {
  const incompatible = attempt(data, decodeIncompatible);
  return incompatible.type === 'unreadable'
    ? parse(data, decodeReply)
    : incompatible;
}

/**
 * Parse the server's reading of a kernel.
 */
export function parseReading(
  data: unknown
): IServerReading | IForeign | IUnreadable {
  return parse(data, decodeServerReading);
}

/**
 * Parse the server's list of kernels.
 */
export function parseKernelList(
  data: unknown
): IKernelList | IForeign | IUnreadable {
  return parse(data, decodeKernelList);
}

/**
 * Parse the server's report on the last death of a notebook's kernels.
 */
export function parseDeath(data: unknown): ILastDeath | IForeign | IUnreadable {
  return parse(data, decodeLastDeath);
}

/**
 * Parse the server's reply to a request for the notebooks of the course.
 */
export function parseTour(data: unknown): ITour | IForeign | IUnreadable {
  return parse(data, decodeTour);
}

/**
 * Parse what a kernel sends to the widget of `%memkit live`.
 */
export function parseLive(
  data: unknown
): Broadcast | Reply | IForeign | IUnreadable {
  const readings = parseBroadcast(data);
  return readings.type === 'unreadable' ? parseReply(data) : readings;
}

function parse<T>(
  data: unknown,
  decode: Decoder<T>
): T | IForeign | IUnreadable {
  return foreignOf(data) ?? attempt(data, decode);
}

function attempt<T>(data: unknown, decode: Decoder<T>): T | IUnreadable {
  try {
    return decode(data, 'message');
  } catch (error) {
    if (error instanceof Malformed) {
      return { type: 'unreadable', reason: error.message };
    }
    throw error;
  }
}

function foreignOf(data: unknown): IForeign | null {
  const isNumbered =
    typeof data === 'object' &&
    data !== null &&
    'protocol' in data &&
    typeof data.protocol === 'number';
  return isNumbered && data.protocol !== PROTOCOL_VERSION
    ? { type: 'foreign', protocol: Number(data.protocol) }
    : null;
}
