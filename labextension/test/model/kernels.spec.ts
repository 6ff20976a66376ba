import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FakeKernels, LARGE_ID, SESSION, listed } from '../fakes/kernels';

const IDLE = { state: 'idle', activeS: 1790000000 };

let kernels: FakeKernels;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 });
  kernels = new FakeKernels();
});

afterEach(() => {
  kernels.model.dispose();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('Kernels', () => {
  it('has the largest first, and those that are not readable last', async () => {
    const rows = await kernels.read(listed());
    expect(rows.map(({ bytes }) => bytes)).toEqual([6576668672, null]);
    expect(rows[0]?.share).toBeCloseTo(0.255);
    expect(rows[1]).toMatchObject({ share: null, growth: null, idleS: null });
  });

  it('names a kernel by its notebook', async () => {
    const rows = await kernels.read(listed());
    expect(rows.map(({ name }) => name)).toEqual(['<b>train.ipynb', '']);
    expect(rows[0]?.session).toBe(SESSION);
  });

  it('names the kernel of a console by the console', async () => {
    kernels.sessions = [{ ...SESSION, type: 'console', name: 'Console 1' }];
    const [row] = await kernels.read(listed());
    expect(row?.name).toBe('Console 1');
  });

  it('does not mind a session without a kernel', async () => {
    kernels.sessions = [{ ...SESSION, kernel: null }];
    const [row] = await kernels.read(listed());
    expect(row?.session).toBeNull();
  });

  it.each([
    [3600, 1024 ** 3, true],
    [3599, 1024 ** 3, false],
    [3600, 1024 ** 3 - 1, false]
  ])(
    'marks a kernel that is idle for %i s and holds %i: %o',
    async (idleS, rssBytes, isHoarding) => {
      const memory = {
        rssBytes,
        childrenBytes: 0,
        atLeast: false,
        gauge: null
      };
      const list = listed(1790000000 + idleS, { ...IDLE, memory });
      const [row] = await kernels.read(list);
      expect(row).toMatchObject({ idleS, isHoarding, share: null });
    }
  );

  it('is not idle while it is busy', async () => {
    const [row] = await kernels.read(listed(1790007200, { state: 'busy' }));
    expect(row).toMatchObject({ idleS: null, isHoarding: false });
  });

  it('has the growth since the last reading', async () => {
    await kernels.read(listed(1790000000));
    const memory = listed().kernels[1]?.memory ?? null;
    const grown = memory && { ...memory, rssBytes: memory.rssBytes + 1000 };
    const [row] = await kernels.read(listed(1790000003, { memory: grown }));
    expect(row?.growth).toEqual({ bytes: 1000, overS: 3 });
  });

  it('drops a kernel at once that was shut down, for good', async () => {
    await kernels.read(listed());
    kernels.model.forget(LARGE_ID);
    expect(kernels.model.rows).toHaveLength(1);
    expect(await kernels.read(listed())).toHaveLength(1);
  });
});

describe('Kernels#keepFresh()', () => {
  it('reads at once, then after three seconds', async () => {
    kernels.server.kernels = listed();
    kernels.model.stateChanged.connect(() => {
      kernels.model.keepFresh();
    });
    kernels.model.keepFresh();
    kernels.model.keepFresh();
    await vi.advanceTimersByTimeAsync(0);
    expect(kernels.server.count('list')).toBe(1);
    await vi.advanceTimersByTimeAsync(2900);
    expect(kernels.server.count('list')).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(kernels.server.count('list')).toBe(2);
  });

  it('reads nothing while nothing shows it', async () => {
    await kernels.read(listed());
    await vi.advanceTimersByTimeAsync(3600_000);
    expect(kernels.server.count('list')).toBe(1);
  });

  it('reads nothing while the page is hidden', async () => {
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    kernels.model.keepFresh();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(kernels.server.count('list')).toBe(0);
    hidden.mockReturnValue(false);
    await vi.advanceTimersByTimeAsync(3000);
    expect(kernels.server.count('list')).toBe(1);
  });

  it.each([false, true])(
    'asks a server that fails less and less often',
    async isDown => {
      kernels.server.isDown = isDown;
      kernels.model.stateChanged.connect(() => {
        kernels.model.keepFresh();
      });
      kernels.model.keepFresh();
      await vi.advanceTimersByTimeAsync(600_000);
      expect(kernels.model.isFailing).toBe(true);
      expect(kernels.server.count('list')).toBeLessThan(15);
      kernels.server.isDown = false;
      kernels.server.kernels = listed();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(kernels.model.isFailing).toBe(false);
    }
  );

  it('reads nothing once it is disposed', async () => {
    kernels.model.keepFresh();
    kernels.model.dispose();
    kernels.model.keepFresh();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(kernels.server.count('list')).toBe(0);
    expect(kernels.model.isDisposed).toBe(true);
  });
});
