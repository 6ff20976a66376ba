"""Unloads libraries, and measures what was actually freed.

`naming` resolves names, `rules` refuses modules that cannot be unloaded, `unload`
removes the others, `traces/` removes what they registered elsewhere (one file per
place), `emptying` empties their namespaces, and `pins` finds what holds those that are
still in memory. `listing` lists the loaded libraries, with `costs` and `uses`.
"""

from jupyter_memkit.techniques.unloading.listing import Libraries, Library, libraries
from jupyter_memkit.techniques.unloading.unload import Unloaded, unload

__all__ = ["Libraries", "Library", "Unloaded", "libraries", "unload"]
