import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

/**
 * JupyterLab as far as the plugins use it.
 */
export class FakeLab {
  readonly commands = new CommandRegistry();
  /** The widgets in the side areas. */
  readonly added: [widget: Widget, area: string][] = [];
  /** The ids of the widgets that have been brought to the front. */
  readonly activated: string[] = [];
  readonly shell = {
    currentWidget: null,
    add: (widget: Widget, area: string): void => {
      this.added.push([widget, area]);
    },
    activateById: (id: string): void => {
      this.activated.push(id);
    },
    widgets: (area: string): Iterable<Widget> =>
      this.added.filter(([, each]) => each === area).map(([widget]) => widget)
  };
  /** The ids of the sessions and kernels that have been shut down. */
  readonly shutDown: string[] = [];
  readonly serviceManager = {
    serverSettings: { baseUrl: 'http://lab/' },
    sessions: { shutdown: this._shutDown, running: () => [] },
    kernels: {
      shutdown: this._shutDown,
      shutdownAll: () => this._shutDown('all')
    }
  };

  /** As the type that a plugin asks for; the rest of it is never used. */
  get app(): JupyterFrontEnd {
    return this as unknown as JupyterFrontEnd;
  }

  private get _shutDown(): (id: string) => Promise<void> {
    return id => {
      this.shutDown.push(id);
      return Promise.resolve();
    };
  }

  dispose(): void {
    for (const [widget] of this.added) {
      widget.dispose();
    }
    Notification.dismiss();
  }
}

/**
 * The registry of settings, with those of one plugin.
 */
export class FakeSettings {
  constructor(public composite: Record<string, unknown>) {}

  readonly changed = new Signal<this, void>(this);
  readonly loaded: string[] = [];
  fault: Error | null = null;

  /** As the type that a plugin asks for; the rest of it is never used. */
  get registry(): ISettingRegistry {
    return this as unknown as ISettingRegistry;
  }

  load(pluginId: string): Promise<this> {
    this.loaded.push(pluginId);
    return this.fault ? Promise.reject(this.fault) : Promise.resolve(this);
  }

  change(composite: Record<string, unknown>): void {
    this.composite = composite;
    this.changed.emit();
  }
}
