"""The kernel's side of the protocol."""
