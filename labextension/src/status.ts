/**
 * Whether there is memory to show, and if not, the one reason why.
 */
export type ChannelStatus =
  /** No notebook or console has been opened. */
  | { kind: 'no-session' }
  /** The notebook or console has no kernel. */
  | { kind: 'no-kernel' }
  /** The kernel speaks no Python. */
  | { kind: 'unsupported'; language: string }
  /** The kernel starts, or its first answer is under way. */
  | { kind: 'connecting' }
  /** Installed beside the kernel, not loaded; `error` is why loading failed. */
  | { kind: 'not-loaded'; error: string | null }
  /** Not installed in the kernel's environment. */
  | { kind: 'not-installed' }
  /** The kernel computes, and has not answered yet. */
  | { kind: 'busy' }
  /** Readings come in. */
  | { kind: 'live' }
  /** The two sides speak different versions of the protocol. */
  | { kind: 'incompatible'; kernel: number; lab: number }
  /** There was a connection, and it is gone. */
  | { kind: 'lost'; reason: LossReason };

export type LossReason = 'died' | 'disconnected' | 'refused';

/**
 * What the user can do about a status.
 */
export type StatusAction =
  | 'new-notebook'
  | 'select-kernel'
  | 'interrupt'
  | 'load'
  | 'copy-install'
  | 'copy-upgrade'
  | 'restart'
  | 'reconnect'
  | 'reload';
