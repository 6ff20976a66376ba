"""Unload libraries, and measure what that actually freed.

`naming` resolves the names that were given, `rules` refuses what has to stay, `unload`
removes the modules, `traces/` removes what a library has registered elsewhere (one file
for each place), and `pins` finds what still holds a module. `listing` lists what is
loaded, with `costs` and `uses`.

Refused are the modules that the kernel depends on, the standard library, a library with
objects in the namespace, and one that loads once in a process: a compiled module stays
the same after a second import, with the classes that it looked up the first time. Much
of what keeps a library in memory is outside it: the caches of `typing`, `copyreg`,
warning filters, loggers, IPython's formatters. What a library takes is counted from
what is loaded; nothing is imported again.
"""

from jupyter_memkit.techniques.unloading.listing import Libraries, Library, libraries
from jupyter_memkit.techniques.unloading.unload import Unloaded, unload

__all__ = ["Libraries", "Library", "Unloaded", "libraries", "unload"]
