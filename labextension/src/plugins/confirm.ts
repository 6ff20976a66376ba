import { Dialog, showDialog } from '@jupyterlab/apputils';

/**
 * Ask whether to do something that cannot be undone.
 *
 * @param action - The label of the button that does it.
 */
export async function confirm(
  title: string,
  body: string,
  action: string
): Promise<boolean> {
  const { button } = await showDialog({
    title,
    body,
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: action })]
  });
  return button.accept;
}
