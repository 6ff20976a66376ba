// The rules are those of jupyter_memkit/units.py; both are tested with
// tests/fixtures/format_cases.json.

const IEC_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

function roundHalfUp(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.floor(value * scale + 0.5) / scale;
}

/**
 * Format a size with one decimal in the largest IEC unit that fits.
 */
export function formatBytes(nBytes: number): string {
  const sign = nBytes < 0 ? '-' : '';
  let value = Math.abs(nBytes);
  if (value < 1024) {
    return `${sign}${value.toFixed(0)} B`;
  }
  let unit = 0;
  while (roundHalfUp(value, 1) >= 1024 && unit < IEC_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${sign}${roundHalfUp(value, 1).toFixed(1)} ${IEC_UNITS[unit] ?? ''}`;
}

/**
 * Format a change with its sign, such as "+381.5 MiB".
 */
export function formatChange(nBytes: number): string {
  return `${nBytes > 0 ? '+' : ''}${formatBytes(nBytes)}`;
}

/**
 * Format the label of an axis, with the decimals that it needs.
 */
export function formatTick(nBytes: number): string {
  const unit = formatBytes(nBytes).split(' ')[1] ?? '';
  const power = IEC_UNITS.findIndex(name => name === unit);
  return `${String(roundHalfUp(nBytes / 1024 ** power, 2))} ${unit}`;
}

/**
 * Format a duration: milliseconds below a second, then seconds, minutes, hours.
 */
export function formatDuration(durationS: number): string {
  if (durationS < 0.01) {
    return `${roundHalfUp(durationS * 1000, 1).toFixed(1)} ms`;
  }
  if (durationS < 0.9995) {
    return `${roundHalfUp(durationS * 1000, 0).toFixed(0)} ms`;
  }
  if (durationS < 59.95) {
    return `${roundHalfUp(durationS, 1).toFixed(1)} s`;
  }
  const seconds = roundHalfUp(durationS, 0);
  const minutes = Math.floor(seconds / 60);
  return seconds < 3600
    ? `${String(minutes)} min ${String(seconds % 60)} s`
    : `${String(Math.floor(minutes / 60))} h ${String(minutes % 60)} min`;
}

/**
 * Format an estimated duration, such as "40 s" or "3 min".
 */
export function formatRoughDuration(durationS: number): string {
  if (durationS < 10) {
    return `${String(Math.round(durationS))} s`;
  }
  return durationS < 55
    ? `${String(5 * Math.round(durationS / 5))} s`
    : `${String(Math.round(durationS / 60))} min`;
}

// Numbers are formatted as in the kernel's messages, whatever the page's
// language.
const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const ROUGH = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/**
 * Format a count, such as "12,400,000".
 */
export function formatCount(count: number): string {
  return WHOLE.format(count);
}

/**
 * Format an approximate number, such as a speed, with three digits.
 */
export function formatRough(value: number): string {
  return ROUGH.format(value);
}

const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const MINUTES = new Intl.DateTimeFormat(undefined, CLOCK);
const SECONDS = new Intl.DateTimeFormat(undefined, {
  ...CLOCK,
  second: '2-digit'
});

/**
 * Format a time of day to the second.
 */
export function formatClock(tS: number): string {
  return SECONDS.format(tS * 1000);
}

/**
 * Format a time of day to the minute.
 */
export function formatMinute(tS: number): string {
  return MINUTES.format(tS * 1000);
}

const DAY_S = 86_400;
const MOMENTS = new Intl.DateTimeFormat(undefined, {
  ...CLOCK,
  month: 'short',
  day: 'numeric'
});

/**
 * Format a time, with its date unless it is less than a day ago.
 */
export function formatMoment(tS: number): string {
  const isRecent = Math.abs(Date.now() / 1000 - tS) < DAY_S;
  return isRecent ? formatClock(tS) : MOMENTS.format(tS * 1000);
}
