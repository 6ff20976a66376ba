import { vi } from 'vitest';

import type { Session } from '@jupyterlab/services';

import { Kernels } from '../../src/model/kernels';
import type { IKernelRow } from '../../src/model/kernels';
import type { IKernelList, IKernelMemory } from '../../src/wire/protocol';
import { decodeKernelList } from '../../src/wire/protocol';
import { decoded } from './golden';
import { FakeServer } from './server';

/** The kernel of the golden message that has a notebook, and holds 6.1 GiB. */
export const LARGE_ID = '5e1d9a53-9b4b-4f8a-8f1f-0d2a6a0c8a10';

export const SESSION = {
  id: 's-1',
  name: '',
  path: 'work/<b>train.ipynb',
  type: 'notebook',
  kernel: { id: LARGE_ID, name: 'python3' }
} satisfies Session.IModel;

/**
 * The golden list at another time, with a kernel that is changed.
 */
export function listed(
  tS = 1790007200,
  change: Partial<IKernelMemory> = {}
): IKernelList {
  const list = decoded(decodeKernelList, 'kernel_list');
  const [large, ...others] = list.kernels;
  return {
    ...list,
    tS,
    kernels: [...others, { ...(large as IKernelMemory), ...change }]
  };
}

/**
 * The state of all kernels, whose lists a test sets.
 */
export class FakeKernels {
  readonly server = new FakeServer();
  sessions: Session.IModel[] = [SESSION];
  readonly model = new Kernels({
    list: this.server.list,
    sessions: () => this.sessions
  });

  /** Read a list, as something that is shown does. */
  async read(list: IKernelList | null): Promise<readonly IKernelRow[]> {
    this.server.kernels = list;
    const changed = new Promise<void>(resolve => {
      const done = (): void => {
        this.model.stateChanged.disconnect(done);
        resolve();
      };
      this.model.stateChanged.connect(done);
    });
    this.model.keepFresh();
    await vi.advanceTimersByTimeAsync(60_000);
    await changed;
    return this.model.rows ?? [];
  }
}
