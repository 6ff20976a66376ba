import type {
  Activity,
  Broadcast,
  Cell,
  Cells,
  CollectorPause,
  Goodbye,
  Gpu,
  GpuAllocator,
  Incompatible,
  Limit,
  Present,
  Refused,
  Reply,
  RunningCell,
  SampleColumns,
  Samples,
  ServerReading,
  Snapshot,
  Unsubscribed
} from './protocol';
import { PROTOCOL_VERSION } from './protocol';

/**
 * A message of a protocol version that this sidebar does not support.
 */
export type Foreign = { type: 'foreign'; protocol: number };

/**
 * Parse a broadcast; `null` if it is not for us, or not of this version.
 */
export function parseBroadcast(data: unknown): Broadcast | Foreign | null {
  const known = either(isSamples, isCells, isGoodbye);
  return foreignOf(data) ?? (known(data) ? data : null);
}

/**
 * Parse a reply. An `Incompatible` is parsed whatever its version.
 */
export function parseReply(data: unknown): Reply | Foreign | null {
  if (isIncompatible(data)) {
    return data;
  }
  const known = either(isSnapshot, isUnsubscribed, isRefused);
  return foreignOf(data) ?? (known(data) ? data : null);
}

/**
 * Parse the server's response.
 */
export function parseReading(data: unknown): ServerReading | null {
  return foreignOf(data) === null && isServerReading(data) ? data : null;
}

type Guard<T> = (value: unknown) => value is T;

/**
 * One guard per field, so that a change of the protocol is a compile error.
 */
type Shape<T> = { [K in keyof T]: Guard<T[K]> };

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function foreignOf(data: unknown): Foreign | null {
  if (!isRecord(data) || !isNumber(data['protocol'])) {
    return null;
  }
  const protocol = data['protocol'];
  return protocol === PROTOCOL_VERSION ? null : { type: 'foreign', protocol };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function literal<T extends string>(expected: T): Guard<T> {
  return (value): value is T => value === expected;
}

function nullable<T>(guard: Guard<T>): Guard<T | null> {
  return (value): value is T | null => value === null || guard(value);
}

function listOf<T>(guard: Guard<T>): Guard<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every(guard);
}

function either<A, B, C>(a: Guard<A>, b: Guard<B>, c: Guard<C>) {
  return (value: unknown): value is A | B | C =>
    a(value) || b(value) || c(value);
}

function object<T>(shape: Shape<T>): Guard<T> {
  return (value): value is T => {
    if (!isRecord(value)) {
      return false;
    }
    for (const key in shape) {
      if (!shape[key](value[key])) {
        return false;
      }
    }
    return true;
  };
}

const hasColumns = object<SampleColumns>({
  t_s: listOf(isNumber),
  rss_bytes: listOf(isNumber),
  peak_bytes: listOf(isNumber),
  children_bytes: listOf(isNumber)
});

function isColumns(value: unknown): value is SampleColumns {
  return (
    hasColumns(value) &&
    value.rss_bytes.length === value.t_s.length &&
    value.peak_bytes.length === value.t_s.length &&
    value.children_bytes.length === value.t_s.length
  );
}

const isLimit = object<Limit>({ bytes: isNumber, name: isString });

const isGpuAllocator = object<GpuAllocator>({
  library: isString,
  allocated_bytes: isNumber,
  reserved_bytes: nullable(isNumber),
  peak_bytes: nullable(isNumber)
});

const isGpu = object<Gpu>({
  index: isNumber,
  name: isString,
  used_bytes: isNumber,
  total_bytes: isNumber,
  process_bytes: nullable(isNumber),
  allocators: listOf(isGpuAllocator)
});

const isCollectorPause = object<CollectorPause>({
  enabled: isBoolean,
  by: isString,
  since_s: nullable(isNumber)
});

const isPresent = object<Present>({
  children: isNumber,
  swap_bytes: nullable(isNumber),
  gpus: listOf(isGpu),
  collector_pause: nullable(isCollectorPause)
});

const isRunningCell = object<RunningCell>({
  execution_count: nullable(isNumber),
  cell_id: nullable(isString),
  first_line: isString,
  started_s: isNumber,
  before_bytes: isNumber,
  peak_bytes: isNumber,
  exact: isBoolean
});

const isActivity = object<Activity>({
  label: isString,
  unit: isString,
  told_s: isNumber,
  done: isNumber,
  total: nullable(isNumber),
  per_s: nullable(isNumber),
  chunks: isNumber,
  chunk_peak_bytes: nullable(isNumber),
  budget_bytes: nullable(isNumber)
});

const isCell = object<Cell>({
  execution_count: nullable(isNumber),
  cell_id: nullable(isString),
  first_line: isString,
  started_s: isNumber,
  duration_s: isNumber,
  before_bytes: isNumber,
  after_bytes: isNumber,
  peak_bytes: isNumber,
  exact: isBoolean,
  peak_line: nullable(isString),
  children_before_bytes: isNumber,
  children_peak_bytes: isNumber,
  children_exact: isBoolean,
  gc_s: isNumber,
  gc_young: isNumber,
  gc_middle: isNumber,
  gc_old: isNumber,
  minor_faults: nullable(isNumber),
  major_faults: nullable(isNumber),
  error: nullable(isString)
});

const isSamples = object<Samples>({
  type: literal('samples'),
  protocol: isNumber,
  samples: isColumns,
  present: isPresent,
  running: nullable(isRunningCell),
  activity: nullable(isActivity)
});

const isCells = object<Cells>({
  type: literal('cells'),
  protocol: isNumber,
  cells: listOf(isCell)
});

const isGoodbye = object<Goodbye>({
  type: literal('goodbye'),
  protocol: isNumber
});

const isSnapshot = object<Snapshot>({
  type: literal('snapshot'),
  protocol: isNumber,
  version: isString,
  limit: nullable(isLimit),
  samples: isColumns,
  present: isPresent,
  cells: listOf(isCell),
  running: nullable(isRunningCell),
  activity: nullable(isActivity),
  credit: isNumber
});

const isUnsubscribed = object<Unsubscribed>({
  type: literal('unsubscribed'),
  protocol: isNumber
});

const isIncompatible = object<Incompatible>({
  type: literal('incompatible'),
  protocol: isNumber,
  version: isString
});

const isRefused = object<Refused>({
  type: literal('refused'),
  protocol: isNumber,
  message: isString
});

const isServerReading = object<ServerReading>({
  type: literal('server_reading'),
  protocol: isNumber,
  t_s: isNumber,
  rss_bytes: isNumber
});
