import type {
  Act,
  IActed,
  IHints,
  IHolders,
  IListedVariable,
  IVariables,
  LabMessage
} from '../wire/protocol';
import { PROTOCOL_VERSION } from '../wire/protocol';
import type { Answer } from '../wire/questions';
import { Growth } from './variableGrowth';
import { Lookup } from './lookup';

/**
 * What can be done to a variable.
 */
export type VariableAction = IListedVariable['actions'][number];

/**
 * The variable that is acted on.
 */
export type VariableKey = Pick<IListedVariable, 'name' | 'token'>;

/**
 * What came of something that the user asked for.
 */
export type Outcome =
  | IActed
  | IHolders
  | { readonly type: 'failed'; readonly message: string | null }
  | { readonly type: 'later' };

/**
 * The variables of a kernel, hints on them, and what is done to them.
 */
export class Inspection {
  constructor(options: Inspection.IOptions) {
    const { ask, onChange } = options;
    this._options = options;
    this.variables = new Lookup({
      ask: isPatient =>
        ask({
          type: 'variables',
          protocol: PROTOCOL_VERSION,
          is_patient: isPatient
        }),
      read: reply => (reply.type === 'variables' ? this._add(reply) : null),
      onChange
    });
    this.hints = new Lookup({
      ask: isPatient =>
        ask({
          type: 'hints',
          protocol: PROTOCOL_VERSION,
          is_patient: isPatient
        }),
      read: reply => (reply.type === 'hints' ? reply : null),
      onChange
    });
  }

  readonly variables: Lookup<IVariables>;

  readonly hints: Lookup<IHints>;

  readonly growth = new Growth();

  /**
   * What came of the last action, until it is dismissed.
   */
  get outcome(): Outcome | null {
    return this._outcome;
  }
  set outcome(outcome: Outcome | null) {
    this._outcome = outcome;
    this._options.onChange();
  }

  /**
   * Ask what is due; called often.
   */
  update(isIdle: boolean, nowS: number): void {
    this.variables.update(isIdle, nowS);
    this.hints.update(isIdle, nowS);
  }

  /**
   * Note that cells have ended.
   */
  outdate(): void {
    this.variables.outdate();
    this.hints.outdate();
  }

  /**
   * Forget everything about a process that has ended.
   */
  clear(): void {
    this.variables.clear();
    this.hints.clear();
    this.growth.clear();
    this._outcome = null;
  }

  /**
   * Change a variable after the running cell.
   */
  async act(
    { name, token }: VariableKey,
    action: VariableAction
  ): Promise<void> {
    const protocol = PROTOCOL_VERSION;
    try {
      this.outcome = outcomeOf(
        await this._options.act({ type: 'act', protocol, action, name, token })
      );
    } catch (reason) {
      const message = reason instanceof Error ? reason.message : String(reason);
      this.outcome = { type: 'failed', message };
    }
    this.variables.refresh();
    this.hints.outdate();
  }

  /**
   * Find what holds the value of a variable.
   */
  async findHolders({ name, token }: VariableKey): Promise<void> {
    const protocol = PROTOCOL_VERSION;
    this.outcome = outcomeOf(
      await this._options.ask({ type: 'holders', protocol, name, token })
    );
  }

  private _add(list: IVariables): IVariables {
    this.growth.add(list, this._options.cellsEnded());
    return list;
  }

  private readonly _options: Inspection.IOptions;
  private _outcome: Outcome | null = null;
}

export namespace Inspection {
  export interface IOptions {
    ask: (message: LabMessage) => Promise<Answer>;
    act: (request: Act) => Promise<Answer>;
    /** The number of cells that have ended. */
    cellsEnded: () => number;
    /** Something here has changed. */
    onChange: () => void;
  }
}

function outcomeOf(answer: Answer): Outcome {
  switch (answer?.type) {
    case 'acted':
    case 'holders':
    case 'later':
      return answer;
    case 'refused':
    case 'unavailable':
      return { type: 'failed', message: answer.message };
    default:
      return { type: 'failed', message: null };
  }
}
