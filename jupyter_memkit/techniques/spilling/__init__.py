"""Moves arrays and frames to files that are mapped into memory, and back.

`folders` decides where the files lie and removes them, `files` writes and maps them,
`parts` takes values apart into the memory that they stand on, `kinds` tells which of
them can be moved, `values` moves them, `sharing` finds who else uses their memory,
`variables` moves names, and `listing` lists them.
"""

from jupyter_memkit.techniques.spilling.values import spill, unspill

__all__ = ["spill", "unspill"]
