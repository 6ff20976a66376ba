import '../../style/base.css';
import '../../style/chart.css';
import '../../style/live.css';
import '../../style/plain.css';
import type { IWidgetModel } from './host';
import { LiveView } from './view';

/**
 * The module of `%memkit live`, which anywidget loads in any front end.
 */
export default {
  render({ model, el }: { model: IWidgetModel; el: HTMLElement }): () => void {
    const view = new LiveView(model, el);
    return () => {
      view.dispose();
    };
  }
};
