import type { ITranslator } from '@jupyterlab/translation';
import { SidePanel } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import { AccordionPanel } from '@lumino/widgets';

import { CellsSection } from '../cells/section';
import { TimelineSection } from '../chart/section';
import { HintsSection } from '../lists/hintsSection';
import { LibrariesSection } from '../lists/librariesSection';
import type { Sidebar } from '../model/sidebar';
import { VariablesSection } from '../lists/variablesSection';
import { memoryIcon } from './icon';
import { Top } from './top';

/**
 * The panel in the side area; the sidebar is active while it is visible.
 */
export class MemoryPanel extends SidePanel {
  constructor(options: MemoryPanel.IOptions) {
    super({ translator: options.translator });
    const trans = options.translator.load('jupyter-memkit');
    this._sidebar = options.sidebar;
    this.id = 'jupyter-memkit';
    this.addClass('jp-Memkit');
    this.title.icon = memoryIcon;
    this.title.caption = trans.__('Memory');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this.title.caption);
    this.header.addWidget(new Top({ ...options, trans }));
    this.addWidget(new TimelineSection({ ...options, trans }));
    this.addWidget(new CellsSection({ ...options, trans }));
    this.addWidget(new VariablesSection({ ...options, trans }));
    this.addWidget(new HintsSection({ ...options, trans }));
    this.addWidget(new LibrariesSection({ ...options, trans }));
    // These ask the kernel while they are open.
    this._accordion?.collapse(2);
    this._accordion?.collapse(3);
    this._accordion?.collapse(4);
    // Lumino's own first sizes would differ from those after the first change.
    this._restoreSizes();
    this._accordion?.handleMoved.connect(this._onMoved, this);
    // Lumino makes the first section smaller each time that another one is opened again.
    this._accordion?.expansionToggled.connect(this._restoreSizes, this);
    // It shares a change of the height equally, so a low window would change the ratio.
    this._resizing = new ResizeObserver(() => {
      this._restoreSizes();
    });
    this._resizing.observe(this.content.node);
  }

  /**
   * The ids of the sections that are collapsed.
   */
  get collapsed(): string[] {
    return this.widgets
      .filter(section => section.isHidden)
      .map(section => section.id);
  }
  set collapsed(ids: string[]) {
    for (const [index, { id }] of this.widgets.entries()) {
      if (ids.includes(id)) {
        this._accordion?.collapse(index);
      } else {
        this._accordion?.expand(index);
      }
    }
  }

  /**
   * Emitted when a section is collapsed or expanded.
   */
  get collapsedChanged(): ISignal<AccordionPanel, number> | null {
    return this._accordion?.expansionToggled ?? null;
  }

  override dispose(): void {
    this._resizing.disconnect();
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._sidebar.setActive('panel', true);
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._sidebar.setActive('panel', this.isVisible);
  }

  protected override onBeforeHide(message: Message): void {
    super.onBeforeHide(message);
    this._sidebar.setActive('panel', false);
  }

  protected override onBeforeDetach(message: Message): void {
    super.onBeforeDetach(message);
    this._sidebar.setActive('panel', false);
  }

  private _onMoved(accordion: AccordionPanel): void {
    this._sizes.set(this.collapsed.join(), accordion.relativeSizes());
  }

  private _restoreSizes(): void {
    this._accordion?.setRelativeSizes(
      this._sizes.get(this.collapsed.join()) ?? this._evenSizes
    );
  }

  /**
   * The same size for each section that is open.
   */
  private get _evenSizes(): number[] {
    return this.widgets.map(section => (section.isHidden ? 0 : 1));
  }

  /**
   * The sections, in the form that a side panel has by default.
   */
  private get _accordion(): AccordionPanel | null {
    return this.content instanceof AccordionPanel ? this.content : null;
  }

  private readonly _sidebar: Sidebar;
  /** Lays the sections out again when the window or the top above them changes. */
  private readonly _resizing: ResizeObserver;
  /** The sizes that the user chose for the sections, by those that are collapsed. */
  private readonly _sizes = new Map<string, number[]>();
}

export namespace MemoryPanel {
  export interface IOptions
    extends
      Omit<Top.IOptions, 'trans'>,
      Pick<VariablesSection.IOptions, 'onVariableMenu' | 'onAct'>,
      Pick<HintsSection.IOptions, 'onApply'>,
      Pick<LibrariesSection.IOptions, 'onUnload'> {
    translator: ITranslator;
    /** Keeps the order of the cells for the next session. */
    state?: CellsSection.IState | null;
  }
}
