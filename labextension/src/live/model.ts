import { steadyS } from '../model/clock';
import { KernelMemory } from '../model/kernelMemory';
import { parseLive } from '../wire/parse';
import type {
  Broadcast,
  ISnapshot,
  IVariables,
  LabMessage
} from '../wire/protocol';
import { PROTOCOL_VERSION } from '../wire/protocol';
import type { IWidgetModel } from './host';
import { CONNECTION, MESSAGE } from './host';

/**
 * What is known of the kernel: nothing yet, its readings, or that they ended.
 */
export type LiveState = 'waiting' | 'live' | 'ended' | 'incompatible';

// The next cell would wait for the list of variables.
const REST_S = 0.5;

/**
 * The memory of the kernel that a widget belongs to.
 */
export class LiveModel extends KernelMemory {
  constructor(host: IWidgetModel, onChange: () => void) {
    super();
    this._host = host;
    this._onChange = onChange;
    host.on(MESSAGE, this._onMessage);
    host.on(CONNECTION, this._onConnection);
    this._subscribe();
  }

  get state(): LiveState {
    return this._state;
  }

  override get isBusy(): boolean {
    return this.running !== null;
  }

  protected override get isLost(): boolean {
    return this._state !== 'live';
  }

  /**
   * The largest variables, `null` until they have been listed.
   */
  get variables(): IVariables | null {
    return this._variables;
  }

  /**
   * Do what is due while the widget can be seen; called often.
   */
  tick(): void {
    if (this._state !== 'live') {
      return;
    }
    if (this._credit <= this._renewAt && !this._isAsking) {
      this._subscribe();
    }
    const restedS = steadyS() - this._endedS;
    if (this._isListDue && !this.isBusy && restedS >= REST_S) {
      this._isListDue = false;
      this._send({
        type: 'variables',
        protocol: PROTOCOL_VERSION,
        is_patient: false
      });
    }
  }

  dispose(): void {
    this._host.off(MESSAGE, this._onMessage);
    this._host.off(CONNECTION, this._onConnection);
    if (this._state === 'waiting' || this._state === 'live') {
      this._send({ type: 'unsubscribe', ...this._sender });
    }
  }

  private _subscribe(): void {
    this._isAsking = true;
    this._send({
      type: 'subscribe',
      ...this._sender,
      since_s: this.record.readings.kernelS
    });
  }

  /**
   * A widget that has lost its kernel cannot send, which is not an error of the page.
   */
  private _send(message: LabMessage): void {
    try {
      void Promise.resolve(this._host.send(message)).catch(this._onConnection);
    } catch {
      this._onConnection();
    }
  }

  private get _sender(): { protocol: number; client_id: string } {
    return { protocol: PROTOCOL_VERSION, client_id: this._clientId };
  }

  private readonly _onMessage = (content: unknown): void => {
    const message = parseLive(content);
    switch (message.type) {
      case 'snapshot':
      case 'samples':
      case 'cells':
      case 'goodbye':
        this._add(withoutCellIds(message));
        break;
      case 'variables':
        this._variables = message;
        break;
      // Replies to what a widget never requests.
      case 'acted':
      case 'hints':
      case 'holders':
      case 'later':
      case 'libraries':
      case 'unavailable':
      case 'unloaded':
      case 'unsubscribed':
        return;
      case 'foreign':
      case 'incompatible':
      case 'refused':
      case 'unreadable':
        this._state = 'incompatible';
        break;
    }
    this._onChange();
  };

  private _add(message: Broadcast | ISnapshot): void {
    if (message.type === 'goodbye') {
      this._end();
      return;
    }
    this._state = 'live';
    this._credit -= 1;
    if (message.type === 'snapshot') {
      this._isAsking = false;
      this._credit = message.credit;
      this._renewAt = message.credit / 4;
    }
    if (message.type !== 'samples') {
      this._isListDue = true;
      this._endedS = steadyS();
    }
    this.record.add(message);
    if (message.type !== 'cells') {
      this.clock.observe(this.record.readings.kernelS);
    }
  }

  private readonly _onConnection = (): void => {
    this._end();
    this._onChange();
  };

  private _end(): void {
    if (this._state === 'live') {
      this._state = 'ended';
    }
    this.record.rest();
  }

  private readonly _host: IWidgetModel;
  private readonly _onChange: () => void;
  // Not `randomUUID`, which an insecure page lacks.
  private readonly _clientId = Math.random().toString(36).slice(2);
  private _state: LiveState = 'waiting';
  private _variables: IVariables | null = null;
  private _credit = Infinity;
  private _renewAt = 0;
  private _isAsking = false;
  private _isListDue = false;
  private _endedS = -Infinity;
}

/**
 * A message whose cells cannot be linked: only JupyterLab can show a cell.
 */
function withoutCellIds<T extends Broadcast | ISnapshot>(message: T): T {
  const unlink = <C extends { cellId: string | null } | null>(cell: C): C =>
    cell && { ...cell, cellId: null };
  return {
    ...message,
    ...('cells' in message && { cells: message.cells.map(unlink) }),
    ...('running' in message && { running: unlink(message.running) }),
    ...('present' in message && {
      present: { ...message.present, highest: unlink(message.present.highest) }
    })
  };
}
