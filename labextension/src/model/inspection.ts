import type {
  Act,
  IHints,
  ILibraries,
  IListedVariable,
  IVariables,
  LabMessage,
  Unload
} from '../wire/protocol';
import { PROTOCOL_VERSION } from '../wire/protocol';
import type { Answer } from '../wire/questions';
import { Growth } from './variableGrowth';
import { Lookup } from './lookup';
import { outcomeOf } from './outcome';

/**
 * What can be done to a variable.
 */
export type VariableAction = IListedVariable['actions'][number];

/**
 * The variable that is acted on.
 */
export type VariableKey = Pick<IListedVariable, 'name' | 'token'>;

/**
 * The variables and the libraries of a kernel, hints on them, and what is done to them.
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
    this.libraries = new Lookup({
      ask: () => ask({ type: 'libraries', protocol: PROTOCOL_VERSION }),
      read: reply => (reply.type === 'libraries' ? reply : null),
      isOnDemand: true,
      onChange
    });
  }

  readonly variables: Lookup<IVariables>;

  readonly hints: Lookup<IHints>;

  /**
   * Listed when the user asks, because cells seldom change it and it takes long.
   */
  readonly libraries: Lookup<ILibraries>;

  readonly growth = new Growth();

  /**
   * Ask what is due; called often.
   */
  update(isIdle: boolean, nowS: number): void {
    this.variables.update(isIdle, nowS);
    this.hints.update(isIdle, nowS);
    this.libraries.update(isIdle, nowS);
  }

  /**
   * Note that cells have ended.
   */
  outdate(): void {
    this.variables.outdate();
    this.hints.outdate();
    this.libraries.outdate();
  }

  /**
   * Forget everything about a process that has ended.
   */
  clear(): void {
    this.variables.clear();
    this.hints.clear();
    this.libraries.clear();
    this.growth.clear();
  }

  /**
   * Change a variable after the running cell.
   */
  async act(
    { name, token }: VariableKey,
    action: VariableAction
  ): Promise<void> {
    const protocol = PROTOCOL_VERSION;
    await this._act(this.variables, {
      type: 'act',
      protocol,
      action,
      name,
      token
    });
    this.variables.refresh();
    this.hints.outdate();
  }

  /**
   * Unload a library after the running cell.
   */
  async unload(name: string): Promise<void> {
    const protocol = PROTOCOL_VERSION;
    await this._act(this.libraries, { type: 'unload', protocol, name });
    this.libraries.refresh();
    this.variables.outdate();
    this.hints.outdate();
  }

  /**
   * Find what holds the value of a variable.
   */
  async findHolders({ name, token }: VariableKey): Promise<void> {
    const protocol = PROTOCOL_VERSION;
    this.variables.outcome = outcomeOf(
      await this._options.ask({ type: 'holders', protocol, name, token })
    );
  }

  private async _act(
    about: Pick<Lookup<IVariables>, 'outcome'>,
    request: Act | Unload
  ): Promise<void> {
    try {
      about.outcome = outcomeOf(await this._options.act(request));
    } catch (reason) {
      const message = reason instanceof Error ? reason.message : String(reason);
      about.outcome = { type: 'failed', message };
    }
  }

  private _add(list: IVariables): IVariables {
    this.growth.add(list, this._options.cellsEnded());
    return list;
  }

  private readonly _options: Inspection.IOptions;
}

export namespace Inspection {
  export interface IOptions {
    ask: (message: LabMessage) => Promise<Answer>;
    act: (request: Act | Unload) => Promise<Answer>;
    /** The number of cells that have ended. */
    cellsEnded: () => number;
    /** Something here has changed. */
    onChange: () => void;
  }
}
