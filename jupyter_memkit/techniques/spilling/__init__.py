"""Moves arrays and frames to memory-mapped files, and back.

A value is pickled without its arrays and rebuilt over a mapped file, so arrays, frames
and Series are one case. Arrays that share memory move together; a move is refused where
anything else holds the memory, because nothing would be freed. A folder belongs to the
process that holds its file lock, so the next process removes one that a killed kernel
left behind.

`folders` decides where the files are and removes them, `files` writes and maps them,
`parts` takes values apart into the memory that they refer to, `kinds` checks which
values can be moved, `values` moves them, `sharing` finds what else uses their memory,
`variables` moves variables, and `listing` lists them.
"""

from jupyter_memkit.techniques.spilling.values import spill, unspill

__all__ = ["spill", "unspill"]
