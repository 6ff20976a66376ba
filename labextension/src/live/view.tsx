import * as React from 'react';
import type { Root } from 'react-dom/client';
import { createRoot } from 'react-dom/client';

import { MemoryChart } from '../chart/chart';
import { TimelineChart } from '../chart/timeline';
import { Ticker } from '../model/ticker';
import { english } from './english';
import type { IWidgetModel } from './host';
import { LiveModel } from './model';
import { LivePanel } from './panel';
import { followTheme } from './theme';

const DRAW_INTERVAL_S = 0.45;
// Times advance by seconds.
const TICK_S = 1;

/**
 * The widget in an output: it draws only while it can be seen.
 */
export class LiveView {
  constructor(host: IWidgetModel, element: HTMLElement) {
    this._node.className = 'jp-Memkit jp-Memkit-live';
    this._node.dataset['testid'] = 'memkit-live';
    element.append(this._node);
    this._root = createRoot(this._node);
    this._model = new LiveModel(host, () => {
      this._isBehind = true;
    });
    this._chart = new TimelineChart({
      source: () => this._model,
      rangeS: () => this._rangeS,
      load: () => Promise.resolve(MemoryChart),
      onChange: () => {
        this._draw();
      },
      onOpen: () => undefined,
      trans: english
    });
    this._unfollow = followTheme(this._node, () => {
      this._chart.restyle();
    });
    this._sighting = new IntersectionObserver(entries => {
      this._isSeen = entries.some(entry => entry.isIntersecting);
    });
    this._sighting.observe(this._node);
    this._ticker = new Ticker(nowS => {
      this._tick(nowS);
    });
    this._draw();
  }

  dispose(): void {
    this._ticker.dispose();
    this._sighting.disconnect();
    this._unfollow();
    this._model.dispose();
    this._root.unmount();
    this._node.remove();
  }

  private _tick(nowS: number): void {
    if (!this._isSeen) {
      return;
    }
    this._model.tick();
    const intervalS = this._isBehind ? DRAW_INTERVAL_S : TICK_S;
    if (nowS - this._drawnS >= intervalS) {
      this._drawnS = nowS;
      this._draw();
    }
  }

  private _draw(): void {
    this._isBehind = false;
    this._node.dataset['state'] = this._model.state;
    this._root.render(
      <LivePanel
        model={this._model}
        toolbar={{ ...this._chart.toolbar, onRange: this._onRange }}
        onHost={this._chart.attach}
        trans={english}
      />
    );
    this._chart.update();
  }

  private readonly _onRange = (rangeS: number | null): void => {
    this._rangeS = rangeS;
    this._chart.follow();
    this._draw();
  };

  private readonly _node = document.createElement('div');
  private readonly _root: Root;
  private readonly _model: LiveModel;
  private readonly _chart: TimelineChart;
  private readonly _ticker: Ticker;
  private readonly _sighting: IntersectionObserver;
  private readonly _unfollow: () => void;
  private _rangeS: number | null = 300;
  private _isSeen = true;
  private _isBehind = false;
  private _drawnS = -Infinity;
}
