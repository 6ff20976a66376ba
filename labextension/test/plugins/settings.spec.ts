import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { followSettings } from '../../src/plugins/settings';
import { FakeSettings } from '../fakes/lab';
import { settle } from '../fakes/kernel';
import { FakePage } from '../fakes/page';

let page: FakePage;
let settings: FakeSettings;
let applied: unknown[];

beforeEach(() => {
  page = new FakePage();
  settings = new FakeSettings({ threshold: 85 });
  applied = [];
});

afterEach(() => {
  page.dispose();
  vi.restoreAllMocks();
});

async function follow(): Promise<void> {
  followSettings(
    settings.registry,
    'jupyter-memkit:warnings',
    page.sidebar,
    ({ composite }) => applied.push(composite['threshold'])
  );
  await settle();
}

describe('followSettings', () => {
  it('applies the settings of the plugin, and their changes', async () => {
    await follow();
    settings.change({ threshold: 50 });
    expect(settings.loaded).toEqual(['jupyter-memkit:warnings']);
    expect(applied).toEqual([85, 50]);
  });

  it('ends with the sidebar', async () => {
    await follow();
    page.sidebar.dispose();
    settings.change({ threshold: 50 });
    expect(applied).toEqual([85]);
  });

  it('logs that the settings could not be loaded', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    settings.fault = new Error('no schema');
    await follow();
    expect(applied).toEqual([]);
    expect(error).toHaveBeenCalledOnce();
  });
});
