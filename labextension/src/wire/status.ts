/**
 * Whether there is memory to show, and the reason if not.
 */
export type ChannelStatus =
  /** No notebook or console has been opened. */
  | { kind: 'no-session' }
  /** The notebook or console has no kernel. */
  | { kind: 'no-kernel' }
  /** The kernel does not run Python. */
  | { kind: 'unsupported'; language: string }
  /** The kernel is starting, or has not answered yet. */
  | { kind: 'connecting' }
  /** Installed in the kernel's environment but not loaded; `error` is why loading failed. */
  | { kind: 'not-loaded'; error: string | null }
  /** Not installed in the kernel's environment. */
  | { kind: 'not-installed' }
  /** The kernel is busy, and has not answered yet. */
  | { kind: 'busy' }
  /** Readings are arriving. */
  | { kind: 'live' }
  /** The two sides have different versions of the protocol. */
  | { kind: 'incompatible'; kernel: number; lab: number }
  /** A message of the kernel cannot be decoded. */
  | { kind: 'unreadable' }
  /** The connection has been lost. */
  | { kind: 'lost'; reason: LossReason };

export type LossReason = 'died' | 'disconnected' | 'refused';
