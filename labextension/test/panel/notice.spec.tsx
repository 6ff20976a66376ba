import * as React from 'react';
import { describe, expect, it } from 'vitest';

import type { PanelAction } from '../../src/panel/actions';
import { Notice, describeStatus } from '../../src/panel/notice';
import type { ChannelStatus } from '../../src/wire/status';
import { click, part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

const CALM = { isBlind: false, isWaiting: false };

function show(
  status: ChannelStatus,
  actions: PanelAction[] = [],
  flags: Partial<typeof CALM> = {}
): HTMLElement {
  const notice = describeStatus(status, { ...CALM, ...flags }, trans);
  return render(
    <>
      {notice && (
        <Notice {...notice} onAction={action => actions.push(action)} />
      )}
    </>
  );
}

const STATUSES: [ChannelStatus, string, PanelAction | null][] = [
  [{ kind: 'no-session' }, 'Open a notebook or a console', 'new-notebook'],
  [{ kind: 'no-kernel' }, 'No kernel is running', 'select-kernel'],
  [{ kind: 'unsupported', language: 'r' }, 'this kernel runs r', null],
  [{ kind: 'connecting' }, 'Waiting for the kernel', null],
  [{ kind: 'not-loaded', error: null }, 'is not loaded', 'load'],
  [{ kind: 'not-loaded', error: 'No psutil' }, 'No psutil', 'load'],
  [{ kind: 'not-installed' }, '%pip install jupyter_memkit', 'copy-install'],
  [{ kind: 'busy' }, 'The kernel is busy', 'interrupt'],
  [
    { kind: 'incompatible', kernel: 1, lab: 2 },
    '%pip install --upgrade jupyter_memkit',
    'copy-upgrade'
  ],
  [{ kind: 'incompatible', kernel: 2, lab: 1 }, 'reload the page', 'reload'],
  [{ kind: 'unreadable' }, 'different version of jupyter_memkit', 'reload'],
  [{ kind: 'lost', reason: 'died' }, 'has died', 'restart'],
  [{ kind: 'lost', reason: 'disconnected' }, 'was lost', 'reconnect'],
  [{ kind: 'lost', reason: 'refused' }, 'refused', 'reconnect']
];

describe('Notice', () => {
  it.each(STATUSES)('of %o says why, in one sentence', (status, sentence) => {
    const host = show(status);
    expect(host.querySelectorAll('p').length).toBe(1);
    expect(part(host, 'p').textContent).toContain(sentence);
    expect(part(host, 'p').textContent).toMatch(/[^.]\.$|…$|: |^.*psutil$/);
  });

  it.each(STATUSES)(
    'of %o has at most one action',
    (status, _sentence, action) => {
      const actions: PanelAction[] = [];
      const host = show(status, actions);
      host.querySelectorAll('button').forEach(click);
      expect(actions).toEqual(action === null ? [] : [action]);
      expect(host.querySelector('button')?.dataset['action']).toBe(
        action ?? undefined
      );
    }
  );

  it('is announced', () => {
    const notice = part(show({ kind: 'no-kernel' }), '.jp-Memkit-notice');
    expect(notice.getAttribute('role')).toBe('status');
  });

  it('is hidden while readings arrive', () => {
    expect(show({ kind: 'live' }).innerHTML).toBe('');
  });

  it('says that nobody can read the memory of a silent kernel', () => {
    const actions: PanelAction[] = [];
    const host = show({ kind: 'live' }, actions, { isBlind: true });
    expect(part(host, 'p').textContent).toContain(
      'the server cannot read its memory'
    );
    click(part(host, 'action'));
    expect(actions).toEqual(['interrupt']);
  });

  it.each<ChannelStatus>([{ kind: 'live' }, { kind: 'connecting' }])(
    'says that what the user asked for waits, while $kind',
    status => {
      const actions: PanelAction[] = [];
      const host = show(status, actions, { isWaiting: true });
      expect(part(host, 'p').textContent).toBe(
        'This is done when the running cell has ended.'
      );
      click(part(host, 'action'));
      expect(actions).toEqual(['interrupt']);
    }
  );

  it('shows the name of an exception as text', () => {
    const error = '<img src=x onerror=alert(1)>: no';
    const host = show({ kind: 'not-loaded', error });
    expect(host.querySelector('img')).toBeNull();
    expect(host.textContent).toContain(error);
  });
});
