import type { IKernelServer } from '../../src/server/kernels';
import type {
  IDeath,
  IKernelList,
  IServerReading
} from '../../src/wire/protocol';

/**
 * The server's extension, whose answers a test sets.
 */
export class FakeServer implements IKernelServer {
  reading: IServerReading | null = null;
  death: IDeath | null = null;
  kernels: IKernelList | null = null;
  /** Whether no request gets through. */
  isDown = false;
  readonly requests: string[] = [];

  readonly read = (): Promise<IServerReading | null> => {
    return this.answer('memory', () => this.reading);
  };

  readonly list = (): Promise<IKernelList | null> => {
    return this.answer('list', () => this.kernels);
  };

  readonly readDeath = (): Promise<IDeath | null> => {
    return this.answer('death', () => this.death);
  };

  readonly dismissDeath = (_kernelId: string, id: string): Promise<void> => {
    return this.answer(`dismiss ${id}`, () => {
      this.death = null;
    });
  };

  /** How often something has been requested. */
  count(request: string): number {
    return this.requests.filter(each => each === request).length;
  }

  private answer<T>(request: string, value: () => T): Promise<T> {
    this.requests.push(request);
    return this.isDown
      ? Promise.reject(new TypeError('network'))
      : Promise.resolve(value());
  }
}
