"""The kernel's end of the wire."""
