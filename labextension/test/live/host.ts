import { MESSAGE } from '../../src/live/host';

type Listener = (...values: unknown[]) => void;

/**
 * The model that anywidget gives to a widget's module.
 */
export class FakeHost {
  readonly sent: Record<string, unknown>[] = [];
  readonly listeners = new Map<string, Set<Listener>>();
  isLost = false;

  send(message: Record<string, unknown>): void {
    if (this.isLost) {
      throw new Error('Cannot send');
    }
    this.sent.push(message);
  }

  on(event: string, listener: Listener): void {
    const known = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, known.add(listener));
  }

  off(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener);
  }

  emit(event: string): void {
    for (const listener of this.listeners.get(event) ?? []) {
      listener();
    }
  }

  /** Receive a message from the kernel. */
  receive(content: unknown): void {
    for (const listener of this.listeners.get(MESSAGE) ?? []) {
      listener(content, []);
    }
  }

  get listening(): number {
    return [...this.listeners.values()].reduce(
      (sum, { size }) => sum + size,
      0
    );
  }

  get lastSent(): unknown {
    return this.sent.at(-1)?.['type'];
  }
}
