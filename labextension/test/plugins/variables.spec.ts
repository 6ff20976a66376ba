import { MessageLoop } from '@lumino/messaging';
import { Dialog } from '@jupyterlab/apputils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { VariableAction, VariableKey } from '../../src/model/inspection';
import {
  buildVariableActions,
  VariableMenu
} from '../../src/plugins/variables';
import { decodeVariables } from '../../src/wire/protocol';
import { decoded, golden } from '../fakes/golden';
import type { FakeKernel } from '../fakes/kernel';
import { raised, settle } from '../fakes/kernel';
import { FakePage } from '../fakes/page';
import { trans } from '../fakes/trans';

const ORDERS = { name: 'orders', token: '7f00-a0-3' };

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
          data: { 'application/json': golden('acted') }
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

describe('an action on a variable', () => {
  it('is a literal in what the kernel evaluates', async () => {
    buildVariableActions(page.sidebar, trans)(ORDERS, 'shrink');
    await settle();
    expect(kernel.executed).toHaveLength(1);
    const [, literal = ''] =
      /\.act\((.*)\)$/.exec(kernel.executed[0] ?? '') ?? [];
    expect(JSON.parse(JSON.parse(literal) as string)).toEqual(golden('act'));
    expect(page.sidebar.model?.inspection.variables.outcome?.type).toBe(
      'acted'
    );
  });

  it.each([
    [true, 1],
    [false, 0]
  ])('asks before it deletes: %o', async (isAccepted, times) => {
    buildVariableActions(page.sidebar, trans)(ORDERS, 'delete');
    await settle();
    expect(kernel.executed).toEqual([]);
    const dialog = Dialog.tracker.currentWidget;
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

  it('keeps the sentence of the kernel if it fails', async () => {
    kernel.results = { acting: raised('OSError', 'no space left') };
    buildVariableActions(page.sidebar, trans)(ORDERS, 'spill');
    await settle();
    expect(page.sidebar.model?.inspection.variables.outcome).toEqual({
      type: 'failed',
      message: 'OSError: no space left'
    });
  });
});

describe('the menu of a variable', () => {
  const [variable] = decoded(decodeVariables, 'variables').variables;
  let done: [VariableKey, VariableAction][];

  /** Open the menu, and return its items. */
  function open(): HTMLElement[] {
    if (!variable) {
      throw new Error('The golden list is empty.');
    }
    const button = document.createElement('button');
    document.body.append(button);
    done = [];
    new VariableMenu({
      sidebar: page.sidebar,
      onAct: (...action) => done.push(action),
      trans
    }).open(variable, button);
    MessageLoop.flush();
    return [...document.querySelectorAll<HTMLElement>('.lm-Menu-item')];
  }

  it('has the actions that the variable supports, and the holders', () => {
    expect(open().map(item => item.textContent)).toEqual([
      'Delete for Good…',
      'Shrink to Smaller Types',
      'Move to Disk',
      'Show What Holds It'
    ]);
  });

  it('says that an action waits for the running cell', () => {
    kernel.beginCell();
    const items = open();
    expect(items[1]?.textContent).toBe(
      'Shrink to Smaller Types (after this cell)'
    );
    expect(items[3]?.classList.contains('lm-mod-disabled')).toBe(true);
  });
});
