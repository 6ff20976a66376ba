import type { Answer } from '../wire/questions';
import type { Outcome } from './outcome';

// A cell that the user starts while the kernel answers waits for it, so it answers
// between cells with some time between them, and for a small share of the time.
const QUIET_S = 0.5;
const SHARE = 0.05;
// After a question without an answer.
const RETRY_S = 5;

/**
 * Why there is no answer: the kernel's version cannot give one, or it failed.
 */
export type LookupFault = 'unsupported' | 'failed';

/**
 * A question to the kernel, which is repeated while the answer is shown: after cells, or
 * only when the user asks.
 */
export class Lookup<T extends { readonly tookS: number }> {
  constructor(options: Lookup.IOptions<T>) {
    this._options = options;
  }

  /**
   * Whether the answer is shown.
   */
  get isOpen(): boolean {
    return this._isOpen;
  }
  set isOpen(isOpen: boolean) {
    const isOpened = isOpen && !this._isOpen;
    this._isOpen = isOpen;
    if (isOpened && this.isOnDemand && this._isOutdated) {
      this.refresh();
    }
  }

  /**
   * Whether the question is asked only when the user opens or refreshes the answer.
   */
  get isOnDemand(): boolean {
    return this._options.isOnDemand ?? false;
  }

  /**
   * The last answer, `null` before the first.
   */
  get answer(): T | null {
    return this._answer;
  }

  get fault(): LookupFault | null {
    return this._fault;
  }

  /**
   * Whether the answer may have changed since.
   */
  get isOutdated(): boolean {
    return this._isOutdated;
  }

  /**
   * Whether the user waits for another answer.
   */
  get isAwaited(): boolean {
    return this._isPatient || this._isAskingPatiently;
  }

  /**
   * What came of the last action on what is listed, until it is dismissed.
   */
  get outcome(): Outcome | null {
    return this._outcome;
  }
  set outcome(outcome: Outcome | null) {
    this._outcome = outcome;
    this._options.onChange();
  }

  /**
   * Note that the answer may have changed.
   */
  outdate(): void {
    this._isOutdated = true;
    if (this._fault === 'failed') {
      this._fault = null;
    }
  }

  /**
   * Ask as soon as no cell runs, however long ago the last answer was, because the
   * user waits for it.
   */
  refresh(): void {
    this._isOutdated = true;
    this._isPatient = true;
    this._fault = null;
    this._dueS = 0;
  }

  /**
   * Forget everything about a process that has ended.
   */
  clear(): void {
    this._asked += 1;
    this._isAsking = false;
    this._answer = null;
    this._outcome = null;
    this.refresh();
  }

  /**
   * Ask if it is time; called often.
   */
  update(isIdle: boolean, nowS: number): void {
    if (!isIdle) {
      this._idleS = null;
      return;
    }
    this._idleS ??= nowS;
    const isQuiet = this._isPatient || nowS - this._idleS >= QUIET_S;
    if (
      this._isOpen &&
      (this._isPatient || !this.isOnDemand) &&
      this._isOutdated &&
      this._fault !== 'unsupported' &&
      !this._isAsking &&
      isQuiet &&
      nowS >= this._dueS
    ) {
      void this._ask(nowS);
    }
  }

  private async _ask(nowS: number): Promise<void> {
    const { ask, read, onChange } = this._options;
    this._isAsking = true;
    this._isOutdated = false;
    this._asked += 1;
    const asked = this._asked;
    const isPatient = this._isPatient;
    this._isPatient = false;
    this._isAskingPatiently = isPatient;
    const reply = await ask(isPatient);
    if (asked !== this._asked) {
      return;
    }
    this._isAsking = false;
    this._isAskingPatiently = false;
    const answer = reply && read(reply);
    this._dueS = nowS + (answer ? answer.tookS / SHARE : RETRY_S);
    if (answer) {
      this._answer = answer;
      this._fault = null;
    } else if (reply?.type === 'later') {
      this._isOutdated = true;
      this._isPatient ||= isPatient;
      this._dueS = nowS + QUIET_S;
      return;
    } else {
      this._fault = reply?.type === 'refused' ? 'unsupported' : 'failed';
    }
    onChange();
  }

  private readonly _options: Lookup.IOptions<T>;
  private _answer: T | null = null;
  private _outcome: Outcome | null = null;
  private _isOpen = false;
  private _fault: LookupFault | null = null;
  private _isOutdated = true;
  private _isPatient = true;
  private _isAsking = false;
  private _isAskingPatiently = false;
  private _asked = 0;
  private _dueS = 0;
  private _idleS: number | null = null;
}

export namespace Lookup {
  export interface IOptions<T> {
    ask: (isPatient: boolean) => Promise<Answer>;
    /** Return the reply if it is the answer. */
    read: (reply: NonNullable<Answer>) => T | null;
    /** Whether cells leave the answer as it is until the user asks again. */
    isOnDemand?: boolean;
    /** There is an answer, or none, or something came of an action. */
    onChange: () => void;
  }
}
