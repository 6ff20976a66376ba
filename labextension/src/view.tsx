import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Cells } from './components/cells';
import { Chart } from './components/chart';
import { Header } from './components/header';
import { Notice } from './components/notice';
import { Present } from './components/present';
import { Progress } from './components/progress';
import { Reading } from './components/reading';
import type { MemoryModel } from './model';
import { buildChartData } from './series';
import type { Sidebar } from './sidebar';
import type { StatusAction } from './status';

/**
 * Maps the state of the sidebar to the props of its components.
 */
export class MemoryView extends VDomRenderer<Sidebar> {
  constructor(options: MemoryView.IOptions) {
    super(options.sidebar);
    this._options = options;
    this.addClass('jp-Memkit-view');
  }

  protected override render(): React.JSX.Element {
    const { sidebar, onAction, trans } = this._options;
    const { model, status } = sidebar;
    const isKnown = model !== null && status.kind !== 'connecting';
    const running = model?.running ?? null;
    const isLive = status.kind === 'live';
    const pause = (isLive && model?.present?.collectorPause) || null;
    return (
      <div data-testid="memkit-status" data-status={status.kind}>
        <Header
          name={sidebar.name}
          isBusy={isKnown && status.kind !== 'lost' ? model.isBusy : null}
          elapsedS={model && running ? elapsedS(model, running) : null}
          pause={pause}
          pausedCells={model && pause ? cellsSince(model, pause.sinceS) : 0}
          trans={trans}
        />
        <Notice status={status} onAction={onAction} trans={trans} />
        {model?.reading && this._renderMemory(model, model.reading)}
      </div>
    );
  }

  private _renderMemory(
    model: MemoryModel,
    reading: Reading.IProps['reading']
  ): React.JSX.Element {
    const { sidebar, onOpen, trans } = this._options;
    const isLive = sidebar.status.kind === 'live';
    // The server reports only the kernel's own memory.
    const isTold =
      isLive && reading.source === 'kernel' && model.staleSinceS === null;
    return (
      <>
        <Reading
          reading={reading}
          peak={peakOf(model)}
          limit={model.limit}
          staleSinceS={model.staleSinceS}
          trans={trans}
        />
        {isLive && model.activity && (
          <Progress
            activity={model.activity}
            isStale={!isTold}
            nowS={model.nowS}
            trans={trans}
          />
        )}
        {model.present && (
          <Present present={model.present} isStale={!isTold} trans={trans} />
        )}
        <Chart
          data={buildChartData(model, sidebar.rangeS)}
          rangeS={sidebar.rangeS}
          onRange={rangeS => {
            sidebar.rangeS = rangeS;
          }}
          trans={trans}
        />
        <Cells
          cells={model.cells}
          running={model.running}
          nowS={model.nowS}
          onOpen={onOpen}
          trans={trans}
        />
      </>
    );
  }

  private readonly _options: MemoryView.IOptions;
}

export namespace MemoryView {
  export interface IOptions {
    sidebar: Sidebar;
    onAction: (action: StatusAction) => void;
    /** Show a cell in its notebook. */
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
  }
}

function elapsedS(model: MemoryModel, running: { startedS: number }): number {
  return Math.max(0, model.nowS - running.startedS);
}

/**
 * The number of finished cells that started after a time, 0 if it is unknown.
 */
function cellsSince(model: MemoryModel, sinceS: number | null): number {
  const isLater = (cell: { startedS: number }): boolean =>
    sinceS !== null && cell.startedS > sinceS;
  return model.cells.filter(isLater).length;
}

/**
 * The peak of the running cell, or of the last one.
 */
function peakOf(model: MemoryModel): Reading.IPeak | null {
  const cell = model.running ?? model.cells.at(-1);
  return cell
    ? {
        bytes: cell.peakBytes,
        executionCount: cell.executionCount,
        exact: cell.exact
      }
    : null;
}
