import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { keepOrder } from '../../src/kernels/order';
import { KernelsPanel } from '../../src/kernels/panel';
import { memoryIcon } from '../../src/panel/icon';
import { FakeKernels, LARGE_ID, listed } from '../fakes/kernels';
import { part } from '../fakes/render';
import { trans } from '../fakes/trans';

let kernels: FakeKernels;
let panel: KernelsPanel;
let acts: string[];

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 });
  vi.stubGlobal('requestIdleCallback', (run: () => void) => setTimeout(run));
  // Its updates are waited for, not flushed.
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false);
  acts = [];
  kernels = new FakeKernels();
  panel = new KernelsPanel({
    kernels: kernels.model,
    onAction: (action, { kernelId }) => {
      acts.push(`${action} ${kernelId.slice(0, 4)}`);
    },
    trans
  });
});

afterEach(() => {
  panel.dispose();
  kernels.model.dispose();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function show(list = listed()): Promise<HTMLElement> {
  kernels.server.kernels = list;
  Widget.attach(panel, document.body);
  await vi.advanceTimersByTimeAsync(4000);
  return part(panel.node, 'kernels');
}

/** A button of the kernel that has a notebook, by the first word of its title. */
function button(list: HTMLElement, word: string): HTMLElement {
  return part(list, `[data-kernel-id="${LARGE_ID}"] button[title^="${word} "]`);
}

describe('KernelsPanel', () => {
  it('lists the kernels with their total', async () => {
    const list = await show();
    expect(part(panel.node, 'kernels-total').textContent).toBe(
      '2 kernels, at least 6.1 GiB'
    );
    const rows = [...list.querySelectorAll('li')];
    expect(rows.map(row => row.dataset['bytes'])).toEqual([
      '6576668672',
      undefined
    ]);
    expect(rows[0]?.textContent).toContain('idle for 2 h 0 min, holds 6.1 GiB');
    expect(rows[1]?.textContent).toContain('not readable');
  });

  it('shows a name as text', async () => {
    const list = await show();
    expect(list.querySelector('b')).toBeNull();
    expect(list.textContent).toContain('<b>train.ipynb');
  });

  it('acts on the kernel of the row', async () => {
    const list = await show();
    for (const word of ['Go', 'Restart', 'Shut']) {
      button(list, word).click();
    }
    expect(acts).toEqual(['open 5e1d', 'restart 5e1d', 'shutdown 5e1d']);
  });

  it('interrupts a kernel that is busy', async () => {
    const list = await show(listed(1790007200, { state: 'busy' }));
    button(list, 'Interrupt').click();
    expect(acts).toEqual(['interrupt 5e1d']);
  });

  it('has nothing to interrupt in a kernel that is idle', async () => {
    const list = await show();
    expect(() => button(list, 'Interrupt')).toThrow();
  });

  it('is read while it is visible', async () => {
    await show();
    await vi.advanceTimersByTimeAsync(7000);
    const read = kernels.server.count('list');
    expect(read).toBeGreaterThan(2);
    panel.hide();
    await vi.advanceTimersByTimeAsync(60_000);
    // One was due already.
    expect(kernels.server.count('list')).toBeLessThanOrEqual(read + 1);
    panel.show();
    await vi.advanceTimersByTimeAsync(7000);
    expect(kernels.server.count('list')).toBeGreaterThan(read + 1);
  });

  it('says why there are no kernels', async () => {
    Widget.attach(panel, document.body);
    await vi.advanceTimersByTimeAsync(100);
    expect(panel.node.textContent).toContain('install the same version');
  });

  it('has an icon of its own', () => {
    expect(panel.title.icon).not.toBe(memoryIcon);
  });

  it('closes', async () => {
    await show();
    part(panel.node, '[title=Close]').click();
    expect(panel.isDisposed).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(document.body.contains(panel.node)).toBe(false);
  });
});

describe('keepOrder()', () => {
  it('keeps the rows where they were shown, and adds new ones last', async () => {
    const rows = await kernels.read(listed());
    const ids = rows.map(({ kernelId }) => kernelId);
    const keptIds = (shown: string[]): string[] =>
      keepOrder(rows, shown).map(({ kernelId }) => kernelId);
    expect(keptIds([...ids].reverse())).toEqual([...ids].reverse());
    expect(keptIds(ids.slice(1))).toEqual([...ids].reverse());
    expect(keptIds([])).toEqual(ids);
  });
});
