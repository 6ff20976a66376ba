import { Notification } from '@jupyterlab/apputils';
import { ServerConnection } from '@jupyterlab/services';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { OPEN_TOUR } from '../../src/plugins/tokens';
import { tourPlugin } from '../../src/plugins/tour';
import { golden } from '../fakes/golden';
import { FakeLab } from '../fakes/lab';

let lab: FakeLab;
let opened: unknown[];

beforeEach(() => {
  lab = new FakeLab();
  opened = [];
  lab.commands.addCommand('docmanager:open', {
    execute: args => {
      opened.push(args);
    },
    describedBy: { args: { type: 'object', properties: {} } }
  });
});

afterEach(() => {
  lab.dispose();
  vi.restoreAllMocks();
});

/** Run the command on a server that answers so; return what is reported. */
async function openTour(response: Response | Error): Promise<string[]> {
  vi.spyOn(ServerConnection, 'makeRequest').mockImplementation(() =>
    response instanceof Error
      ? Promise.reject(response)
      : Promise.resolve(response)
  );
  vi.spyOn(console, 'error').mockReturnValue();
  await tourPlugin.activate(lab.app, null, null, null);
  await lab.commands.execute(OPEN_TOUR);
  return Notification.manager.notifications.map(({ message }) => message);
}

describe('the plugin of the tour', () => {
  it('adds a card to the launcher, and a command to the palette', async () => {
    const added: unknown[] = [];
    const launcher = { add: (card: unknown) => added.push(card) };
    const palette = { addItem: (item: unknown) => added.push(item) };
    await tourPlugin.activate(lab.app, launcher, palette, null);
    expect(added).toEqual([
      expect.objectContaining({ command: OPEN_TOUR }),
      { command: OPEN_TOUR }
    ]);
    expect(lab.commands.label(OPEN_TOUR)).toBe('Memory Tour');
    expect(lab.commands.caption(OPEN_TOUR)).toContain('memkit-tour');
  });

  it('opens the first notebook', async () => {
    expect(await openTour(Response.json(golden('tour')))).toEqual([]);
    expect(opened).toEqual([{ path: 'memkit-tour/00_tour.ipynb' }]);
  });

  it.each([
    [
      'has no tour',
      new Response('', { status: 404 }),
      'not offer the tour; install'
    ],
    [
      'cannot copy it',
      Response.json({ message: 'disk full' }, { status: 500 }),
      'disk full'
    ],
    ['cannot be reached', new Error('Failed to fetch'), 'Failed to fetch']
  ])('reports that the server %s', async (_, response, reason) => {
    expect(await openTour(response)).toEqual([expect.stringContaining(reason)]);
    expect(opened).toEqual([]);
  });
});
