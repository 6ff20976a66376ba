import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ChartHost } from '../chart/host';
import { Toolbar } from '../chart/toolbar';
import { Devices } from '../panel/devices';
import { Reading } from '../panel/reading';
import type { LiveModel, LiveState } from './model';
import { Variables } from './variables';

const noCell = (): void => undefined;

/**
 * All of the widget: the figures, the chart, and the variables beside them.
 */
export function LivePanel(props: LivePanel.IProps): React.JSX.Element {
  const { model, trans } = props;
  const { reading, present } = model;
  const sentence = describeState(model.state, trans);
  return (
    <>
      <div className="jp-Memkit-main">
        {sentence !== null && (
          <div className="jp-Memkit-notice" role="status">
            <p>{sentence}</p>
          </div>
        )}
        {reading && (
          <Reading
            reading={reading}
            present={present}
            running={model.running}
            secondsToFull={model.secondsToFull}
            staleSinceS={model.staleSinceS}
            onOpen={noCell}
            trans={trans}
          />
        )}
        {present && (
          <Devices
            present={present}
            isStale={model.staleSinceS !== null}
            trans={trans}
          />
        )}
        <Toolbar {...props.toolbar} />
        <ChartHost
          hasChildren={props.toolbar.hasChildren}
          onHost={props.onHost}
          trans={trans}
        />
      </div>
      <Variables
        listed={model.variables}
        isStale={model.staleSinceS !== null}
        trans={trans}
      />
    </>
  );
}

export namespace LivePanel {
  export interface IProps {
    model: LiveModel;
    toolbar: Toolbar.IProps;
    onHost: (host: HTMLElement | null) => void;
    trans: TranslationBundle;
  }
}

/**
 * Why the readings do not advance, and what to do about it.
 */
function describeState(
  state: LiveState,
  trans: TranslationBundle
): string | null {
  switch (state) {
    case 'live':
      return null;
    case 'waiting':
      return trans.__('Waiting for the first reading from the kernel.');
    case 'ended':
      return trans.__(
        'The kernel no longer reports here. Run this cell again to follow the ' +
          'current kernel.'
      );
    case 'incompatible':
      return trans.__(
        'The kernel has a different version of jupyter_memkit than this chart. ' +
          'Restart the kernel, and run this cell again.'
      );
  }
}
