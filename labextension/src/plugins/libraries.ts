import type { TranslationBundle } from '@jupyterlab/translation';

import type { Sidebar } from '../model/sidebar';
import { nameUsers } from '../text/libraries';
import type { IListedLibrary } from '../wire/protocol';
import { confirm } from './confirm';
import { reportFailure } from './failure';

/**
 * Build what unloads a library: it asks first where something uses it, and waits for the
 * running cell.
 */
export function buildUnload(
  sidebar: Sidebar,
  trans: TranslationBundle
): (library: IListedLibrary) => void {
  const run = async (library: IListedLibrary): Promise<void> => {
    const { model } = sidebar;
    const { name } = library;
    const users = nameUsers(library, trans);
    if (
      !model ||
      (users !== '' &&
        !(await confirm(
          trans.__('Unload %1?', name),
          trans.__(
            'It is used by %1. The names of its modules are deleted, and code that uses it fails until it is imported again.',
            users
          ),
          trans.__('Unload')
        )))
    ) {
      return;
    }
    await sidebar.wait(model.inspection.unload(name));
  };
  return library => {
    run(library).catch((reason: unknown) => {
      reportFailure('unloading failed', reason);
    });
  };
}
