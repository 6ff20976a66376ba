"""Unload libraries, and tell what that really gave back.

`naming` finds what is meant, `rules` refuses what has to stay, `unload` removes it,
`traces/` takes away what it has left elsewhere (one file a place), `emptying` is the
deep way, and `pins` tells who holds what is still there. `listing` tells what is
loaded, with `costs` and `uses`.
"""

from jupyter_memkit.techniques.unloading.listing import Libraries, Library, libraries
from jupyter_memkit.techniques.unloading.unload import Unloaded, unload

__all__ = ["Libraries", "Library", "Unloaded", "libraries", "unload"]
