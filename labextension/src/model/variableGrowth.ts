import type { IVariables } from '../wire/protocol';

/**
 * How much variables grew between the last two lists that a cell separates.
 */
export class Growth {
  /**
   * The growth of each variable in bytes; new ones are missing, unless all are.
   */
  get bytes(): ReadonlyMap<string, number> {
    return this._bytes;
  }

  /**
   * Add a list.
   *
   * @param cellsEnded - The number of cells that have ended.
   */
  add(list: IVariables, cellsEnded: number): void {
    const sizes = new Map(
      list.variables.map(({ name, bytes, accuracy }) => [
        name,
        // The difference of lower bounds is not a growth.
        accuracy === 'at least' ? NaN : bytes
      ])
    );
    if (cellsEnded !== this._cellsEnded) {
      this._before = this._latest ?? sizes;
      this._cellsEnded = cellsEnded;
    }
    this._latest = sizes;
    this._bytes = new Map();
    for (const [name, bytes] of sizes) {
      const before = this._before.get(name);
      if (before !== undefined) {
        this._bytes.set(name, bytes - before || 0);
      }
    }
  }

  /**
   * Forget everything about a process that has ended.
   */
  clear(): void {
    this._latest = null;
    this._cellsEnded = -1;
    this._bytes = new Map();
  }

  private _before: ReadonlyMap<string, number> = new Map();
  private _latest: ReadonlyMap<string, number> | null = null;
  private _bytes = new Map<string, number>();
  private _cellsEnded = -1;
}
