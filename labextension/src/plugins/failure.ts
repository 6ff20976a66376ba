import { Notification } from '@jupyterlab/apputils';

/**
 * Report why what the user chose has failed.
 *
 * @param sentence - What failed, for the console of the browser.
 */
export function reportFailure(sentence: string, reason: unknown): void {
  console.error(`jupyter_memkit: ${sentence}`, reason);
  Notification.error(reason instanceof Error ? reason.message : String(reason));
}
