import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { LookupSection } from './lookupSection';
import type { Inspection } from '../model/inspection';
import type { Sidebar } from '../model/sidebar';
import { HintList } from './hintList';

/**
 * The section of the panel with what would save memory or time.
 */
export class HintsSection extends LookupSection {
  constructor(options: HintsSection.IOptions) {
    super(options.sidebar, 'hints', options.trans);
    this._options = options;
    this.id = 'jupyter-memkit-hints';
    this._label();
    options.sidebar.stateChanged.connect(this._label, this);
  }

  protected override undo(): null {
    return null;
  }

  protected override renderControls(): null {
    return null;
  }

  protected override renderAnswer(
    inspection: Inspection
  ): React.JSX.Element | null {
    const { answer } = inspection.hints;
    return (
      answer && (
        <HintList
          {...this._options}
          hints={answer.hints}
          isComplete={answer.complete}
        />
      )
    );
  }

  /**
   * Count the hints in the title, which is there while the section is closed.
   */
  private _label(): void {
    const { sidebar, trans } = this._options;
    const count = sidebar.model?.inspection.hints.answer?.hints.length;
    this.title.label =
      count === undefined
        ? trans.__('Hints')
        : trans.__('Hints (%1)', String(count));
  }

  private readonly _options: HintsSection.IOptions;
}

export namespace HintsSection {
  export interface IOptions extends Pick<HintList.IProps, 'onApply'> {
    sidebar: Sidebar;
    trans: TranslationBundle;
  }
}
