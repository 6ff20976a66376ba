import * as React from 'react';
import { describe, expect, it } from 'vitest';

import { Notice } from '../../src/panel/notice';
import type { ChannelStatus, StatusAction } from '../../src/wire/status';
import { click, part, render } from '../fakes/render';
import { trans } from '../fakes/trans';

function show(status: ChannelStatus, actions: StatusAction[] = []) {
  return render(
    <Notice
      status={status}
      onAction={action => actions.push(action)}
      trans={trans}
    />
  );
}

const STATUSES: [ChannelStatus, string, StatusAction | null][] = [
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
  [{ kind: 'lost', reason: 'died' }, 'has died', 'restart'],
  [{ kind: 'lost', reason: 'disconnected' }, 'was lost', 'reconnect'],
  [{ kind: 'lost', reason: 'refused' }, 'refused', 'reconnect']
];

describe('Notice', () => {
  it.each(STATUSES)('of %o says why, in one sentence', (status, sentence) => {
    const host = show(status);
    expect(host.querySelectorAll('p').length).toBe(1);
    expect(part(host, 'p').textContent).toContain(sentence);
  });

  it.each(STATUSES)(
    'of %o has at most one action',
    (status, _sentence, action) => {
      const actions: StatusAction[] = [];
      const host = show(status, actions);
      host.querySelectorAll('button').forEach(click);
      expect(actions).toEqual(action === null ? [] : [action]);
    }
  );

  it('is hidden while readings arrive', () => {
    expect(show({ kind: 'live' }).innerHTML).toBe('');
  });
});
