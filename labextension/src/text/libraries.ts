import type { TranslationBundle } from '@jupyterlab/translation';

import type { IListedLibrary, IUnloaded } from '../wire/protocol';
import { formatBytes, formatCount } from './format';

const USERS_SHOWN = 3;

/**
 * The modules of a library and what uses it, in short phrases.
 */
export function describeLibrary(
  library: IListedLibrary,
  trans: TranslationBundle
): string[] {
  const { modules } = library;
  const count = trans._n(
    '%2 module',
    '%2 modules',
    modules,
    formatCount(modules)
  );
  const users = nameUsers(library, trans);
  return [
    count,
    users === '' ? trans.__('unused') : trans.__('used by %1', users)
  ];
}

/**
 * What uses a library: names in the notebook, then other libraries. Empty if nothing
 * does.
 */
export function nameUsers(
  { names, users }: IListedLibrary,
  trans: TranslationBundle
): string {
  const all = [...names, ...users];
  const shown = all.slice(0, USERS_SHOWN).join(', ');
  return all.length > USERS_SHOWN
    ? trans.__('%1 and %2 more', shown, String(all.length - USERS_SHOWN))
    : shown;
}

/**
 * What unloading a library removed, what is left of it, and what that freed, in
 * sentences.
 */
export function describeUnloaded(
  unloaded: IUnloaded,
  trans: TranslationBundle
): string[] {
  const { name, freedBytes, names, keptNames, survivors, modules } = unloaded;
  const sentences = [
    trans.__(
      'Unloaded %1; %2 returned to the system.',
      name,
      formatBytes(freedBytes)
    )
  ];
  if (names.length > 0) {
    sentences.push(trans.__('Removed the names: %1.', names.join(', ')));
  }
  if (keptNames.length > 0) {
    sentences.push(
      trans.__(
        'Kept the names of its functions and classes: %1.',
        keptNames.join(', ')
      )
    );
  }
  if (survivors > 0) {
    sentences.push(
      trans.__(
        'Still in memory: %1 of %2 modules.',
        formatCount(survivors),
        formatCount(modules)
      )
    );
  }
  return sentences;
}
