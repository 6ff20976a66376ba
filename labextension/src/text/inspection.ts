import type { TranslationBundle } from '@jupyterlab/translation';

import type { VariableAction } from '../model/inspection';
import type { IActed, IHint, IListedVariable } from '../wire/protocol';
import { formatBytes, formatCount, formatDuration } from './format';
import { isolate } from './names';
import { formatVariableSize } from './variables';

/**
 * The size of a variable with its accuracy, and what it has elsewhere.
 */
export function formatSize(
  { bytes, accuracy, elsewhere }: IListedVariable,
  trans: TranslationBundle
): string {
  const parts = elsewhere.map(part =>
    part.name === 'untouched'
      ? trans.__('%1 untouched', formatBytes(part.bytes))
      : trans.__('%1 on %2', formatBytes(part.bytes), part.name)
  );
  return bytes > 0 || parts.length === 0
    ? [formatVariableSize({ bytes, accuracy }), ...parts].join(' + ')
    : parts.join(' + ');
}

/**
 * The type, the shape, the cell and the shared part of a variable, in short phrases.
 */
export function describeVariable(
  { type, shape, madeIn, sharedBytes }: IListedVariable,
  trans: TranslationBundle
): string[] {
  const phrases = [
    shape === null
      ? type
      : `${type} ${shape.map(length => formatCount(length)).join(' × ')}`
  ];
  if (madeIn !== null) {
    phrases.push(trans.__('cell [%1]', String(madeIn)));
  }
  if (sharedBytes >= SHARED_MIN_BYTES) {
    phrases.push(trans.__('%1 shared', formatBytes(sharedBytes)));
  }
  return phrases;
}

// A smaller share comes from numbers and strings that happen to be the same objects.
const SHARED_MIN_BYTES = 64 * 1024;

/**
 * The names of the actions in a menu.
 */
export function nameActions(
  trans: TranslationBundle
): Record<VariableAction, string> {
  return {
    delete: trans.__('Delete for Good…'),
    shrink: trans.__('Shrink to Smaller Types'),
    restore: trans.__('Restore the Previous Types'),
    to_array: trans.__('Convert to an Array'),
    spill: trans.__('Move to Disk'),
    load: trans.__('Move Back into Memory')
  };
}

/**
 * What was done to a variable, and what that freed.
 */
export function describeActed(acted: IActed, trans: TranslationBundle): string {
  const { name, along, freedBytes } = acted;
  const names = [name, ...along].map(isolate).join(', ');
  const freed =
    freedBytes >= 0
      ? trans.__('%1 returned to the system', formatBytes(freedBytes))
      : trans.__('memory grew by %1', formatBytes(-freedBytes));
  return `${describeAction(acted, names, trans)}; ${freed}.`;
}

function describeAction(
  { action, beforeBytes, afterBytes }: IActed,
  names: string,
  trans: TranslationBundle
): string {
  const before = formatBytes(beforeBytes ?? 0);
  const after = formatBytes(afterBytes ?? 0);
  switch (action) {
    case 'delete':
      return trans.__('Deleted %1', names);
    case 'shrink':
      return beforeBytes === afterBytes
        ? trans.__('No smaller type keeps every value of %1', names)
        : trans.__('Shrank %1 from %2 to %3', names, before, after);
    case 'restore':
      return trans.__('Restored %1 from %2 to %3', names, before, after);
    case 'to_array':
      return trans.__('Converted %1 from %2 to %3', names, before, after);
    case 'spill':
      return trans.__('Moved %1 to disk', names);
    case 'load':
      return trans.__('Moved %1 back into memory', names);
  }
}

/**
 * What a hint saves, empty if that is unknown.
 */
export function formatSaving(
  { bytes, savedS, accuracy }: IHint,
  trans: TranslationBundle
): string {
  if (savedS !== null) {
    return `≈ ${formatDuration(savedS)}`;
  }
  if (bytes === null) {
    return '';
  }
  const size = formatBytes(bytes);
  switch (accuracy) {
    case 'exact':
      return size;
    case 'estimate':
      return `≈ ${size}`;
    case 'at most':
      return trans.__('up to %1', size);
  }
}
