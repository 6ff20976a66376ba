/**
 * The widget's model in the front end, as anywidget gives it to a module.
 */
export interface IWidgetModel {
  send(message: unknown): unknown;
  on(event: string, listener: (...values: unknown[]) => void): void;
  off(event: string, listener: (...values: unknown[]) => void): void;
}

/** Emitted by the model with each message from the kernel. */
export const MESSAGE = 'msg:custom';

/** Emitted by the model when the kernel is restarted, where there is such an event. */
export const CONNECTION = 'comm_live_update';
