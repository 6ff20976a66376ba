import { Dialog, Notification } from '@jupyterlab/apputils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { buildUnload } from '../../src/plugins/libraries';
import { decodeLibraries } from '../../src/wire/protocol';
import type { IListedLibrary } from '../../src/wire/protocol';
import { decoded, golden } from '../fakes/golden';
import type { FakeKernel } from '../fakes/kernel';
import { settle } from '../fakes/kernel';
import { FakePage } from '../fakes/page';
import { trans } from '../fakes/trans';

const [, sympy, joblib] = decoded(decodeLibraries, 'libraries').libraries as [
  IListedLibrary,
  IListedLibrary,
  IListedLibrary
];

let page: FakePage;
let kernel: FakeKernel;

beforeEach(async () => {
  page = new FakePage();
  page.sidebar.setActive('panel', true);
  kernel = await page.openLive({ running: null });
  kernel.results = {
    acting: {
      status: 'ok',
      user_expressions: {
        memkit: {
          status: 'ok',
          data: { 'application/json': golden('unloaded') }
        }
      }
    }
  };
});

afterEach(() => {
  page.dispose();
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

describe('unloading a library', () => {
  it('is done at once where nothing uses it', async () => {
    buildUnload(page.sidebar, trans)(joblib);
    await settle();
    expect(kernel.executed).toHaveLength(1);
    expect(kernel.executed[0]).toContain('joblib');
    const outcome = page.sidebar.model?.inspection.libraries.outcome;
    expect(outcome?.type).toBe('unloaded');
  });

  it.each([
    [true, 1],
    [false, 0]
  ])('asks first where something uses it: %o', async (isAccepted, times) => {
    buildUnload(page.sidebar, trans)(sympy);
    await settle();
    expect(kernel.executed).toEqual([]);
    const dialog = Dialog.tracker.currentWidget;
    expect(dialog?.node.textContent).toContain('It is used by sympy.');
    if (isAccepted) {
      dialog?.resolve(1);
    } else {
      dialog?.reject();
    }
    await vi.waitFor(() => {
      expect(Dialog.tracker.currentWidget?.isDisposed ?? true).toBe(true);
    });
    await settle();
    expect(kernel.executed).toHaveLength(times);
  });

  it('shows an error of the page', async () => {
    const shown = vi.spyOn(Notification, 'error').mockReturnValue('');
    vi.spyOn(console, 'error').mockReturnValue(undefined);
    vi.spyOn(page.sidebar, 'wait').mockRejectedValue(new Error('no page'));
    buildUnload(page.sidebar, trans)(joblib);
    await settle();
    expect(shown).toHaveBeenCalledWith('no page');
  });
});
