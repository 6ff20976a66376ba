/**
 * What the user can do by a button of the panel.
 */
export type PanelAction =
  | 'new-notebook'
  | 'select-kernel'
  | 'interrupt'
  | 'load'
  | 'copy-install'
  | 'copy-upgrade'
  | 'restart'
  | 'reconnect'
  | 'reload'
  | 'dismiss-death'
  | 'arm-guard'
  | 'disarm-guard'
  | 'resume-collector'
  | 'free'
  | 'export';
