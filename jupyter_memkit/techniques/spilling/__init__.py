"""Moves arrays and frames to memory-mapped files, and back.

`folders` creates and removes the folders of the files, `files` writes and maps the
files, `parts` separates values from their memory, `kinds` checks which values can be
moved, `values` moves them, `sharing` finds what else uses their memory, `variables`
moves variables, and `listing` lists them.
"""

from jupyter_memkit.techniques.spilling.values import spill, unspill

__all__ = ["spill", "unspill"]
