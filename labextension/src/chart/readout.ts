/**
 * The text about what is under the cursor; it is read aloud only on request.
 */
export class Readout {
  constructor(host: HTMLElement) {
    this._shown.className = 'jp-Memkit-readout';
    this._spoken.className = 'jp-Memkit-spoken';
    this._spoken.setAttribute('aria-live', 'polite');
    host.append(this._shown, this._spoken);
  }

  show(text: string, side: 'left' | 'right'): void {
    this._shown.textContent = text;
    this._shown.classList.toggle('jp-mod-left', side === 'left');
  }

  /**
   * Let a screen reader read what is shown.
   */
  speak(): void {
    this._spoken.textContent = this._shown.textContent;
  }

  silence(): void {
    this._spoken.textContent = '';
  }

  remove(): void {
    this._shown.remove();
    this._spoken.remove();
  }

  private readonly _shown = document.createElement('div');
  private readonly _spoken = document.createElement('div');
}
