import type { INotebookTracker } from '@jupyterlab/notebook';
import type { Widget } from '@lumino/widgets';

/**
 * Show a cell in its notebook, if it is still there.
 */
export function openCell(
  notebooks: INotebookTracker | null,
  widget: Widget | null,
  cellId: string
): void {
  const notebook = notebooks?.find(panel => panel === widget)?.content;
  const index =
    notebook?.widgets.findIndex(cell => cell.model.id === cellId) ?? -1;
  if (notebook && index >= 0) {
    notebook.activeCellIndex = index;
    notebook.scrollToItem(index, 'center').catch((reason: unknown) => {
      console.error('jupyter_memkit: the cell could not be shown', reason);
    });
  }
}
