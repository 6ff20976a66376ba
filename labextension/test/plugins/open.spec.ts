import type { INotebookTracker } from '@jupyterlab/notebook';
import type { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { openCell } from '../../src/plugins/open';
import { settle } from '../fakes/kernel';

// Both have what is used of the interfaces that they are cast to.
const notebook = {
  content: {
    activeCellIndex: 0,
    widgets: [{ model: { id: 'first' } }, { model: { id: 'second' } }],
    scrollToItem: vi.fn(() => Promise.resolve())
  }
};
const panel = notebook as unknown as Widget;
const tracker = {
  find: (matches: (widget: Widget) => boolean) =>
    matches(panel) ? panel : undefined
} as unknown as INotebookTracker;

beforeEach(() => {
  notebook.content.activeCellIndex = 0;
  notebook.content.scrollToItem.mockClear();
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('openCell', () => {
  it('activates the cell with that id, and scrolls to it', () => {
    openCell(tracker, panel, 'second');
    expect(notebook.content.activeCellIndex).toBe(1);
    expect(notebook.content.scrollToItem.mock.calls).toEqual([[1, 'center']]);
  });

  it.each([
    ['the cell is deleted', tracker, panel, 'deleted'],
    ['the notebook is closed', tracker, null, 'second'],
    ['there are no notebooks', null, panel, 'second']
  ])('does nothing if %s', (_name, notebooks, widget, cellId) => {
    openCell(notebooks, widget, cellId);
    expect(notebook.content.activeCellIndex).toBe(0);
    expect(notebook.content.scrollToItem).not.toHaveBeenCalled();
  });

  it('logs that the cell could not be shown', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    notebook.content.scrollToItem.mockRejectedValueOnce(new Error('gone'));
    openCell(tracker, panel, 'second');
    await settle();
    expect(error).toHaveBeenCalledOnce();
  });
});
