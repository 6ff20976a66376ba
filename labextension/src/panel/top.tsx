import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { MemoryModel } from '../model/memory';
import type { Sidebar } from '../model/sidebar';
import { SidebarRenderer } from '../renderer';
import type { PanelAction } from './actions';
import { Chips } from './chips';
import { Devices } from './devices';
import { Header } from './header';
import { Progress } from './progress';
import { Reading } from './reading';
import { Slot } from './slot';

/**
 * The top of the panel, which stays in place while the rest scrolls.
 */
export class Top extends SidebarRenderer {
  constructor(options: Top.IOptions) {
    super(options.sidebar);
    this._options = options;
    this.addClass('jp-Memkit-top');
    options.sidebar.ticked.connect(this.update, this);
  }

  protected override render(): React.JSX.Element {
    const { sidebar, onAction, onMenu, onOpen, trans } = this._options;
    const { model, status } = sidebar;
    const isKnown =
      model !== null &&
      (status.kind !== 'connecting' || model.hasEnded) &&
      status.kind !== 'lost';
    return (
      <div data-testid="memkit-status" data-status={status.kind}>
        <Header
          name={sidebar.name}
          state={isKnown ? stateOf(model) : null}
          elapsedS={model && elapsedS(model)}
          onInterrupt={() => {
            onAction('interrupt');
          }}
          onMenu={onMenu}
          trans={trans}
        />
        {model?.reading && this._renderReading(model, model.reading)}
        <Slot
          status={status}
          death={model?.death ?? null}
          alarm={sidebar.alarm}
          isBusy={model?.isBusy ?? false}
          isBlind={model?.isBlind ?? false}
          isWaiting={sidebar.isWaiting}
          onAction={onAction}
          onOpen={onOpen}
          trans={trans}
        />
      </div>
    );
  }

  private _renderReading(
    model: MemoryModel,
    reading: Reading.IProps['reading']
  ): React.JSX.Element {
    const { sidebar, onAction, onOpen, trans } = this._options;
    const isLive = sidebar.status.kind === 'live';
    const { present, activity, staleSinceS } = model;
    // The server reports neither GPUs nor progress.
    const isReported =
      isLive && reading.source === 'kernel' && staleSinceS === null;
    return (
      <>
        <Reading
          reading={reading}
          present={present}
          running={model.running}
          secondsToFull={model.secondsToFull}
          staleSinceS={staleSinceS}
          onOpen={onOpen}
          trans={trans}
        />
        {present && (
          <Devices present={present} isStale={!isReported} trans={trans} />
        )}
        {isLive && present && (
          <Chips
            present={present}
            cells={model.cells}
            onAction={onAction}
            trans={trans}
          />
        )}
        {isLive && activity && (
          <Progress
            activity={activity}
            isStale={!isReported}
            nowS={model.nowS}
            onStop={() => {
              onAction('interrupt');
            }}
            trans={trans}
          />
        )}
      </>
    );
  }

  private readonly _options: Top.IOptions;
}

export namespace Top {
  export interface IOptions {
    sidebar: Sidebar;
    onAction: (action: PanelAction) => void;
    /** Open the menu below its button. */
    onMenu: (button: HTMLElement) => void;
    /** Show a cell in its notebook. */
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
  }
}

function stateOf(model: MemoryModel): Header.State {
  if (model.hasEnded) {
    return 'ended';
  }
  return model.isBusy ? 'running' : 'idle';
}

/**
 * How long the cell has been running, `null` if none is or that is unknown.
 */
function elapsedS(model: MemoryModel): number | null {
  return model.running && Math.max(0, model.nowS - model.running.startedS);
}
