"""The true size of objects: what they hold, each byte counted once.

`sizeof` and `sizes` walk from an object to everything it refers to. A size is what the
allocator hands out, not what `sys.getsizeof` returns, because that is what the process
grows by; ``tests/measure/sizes/truth.py`` compares both. `walk` gets the referents from
`gc.get_referents`, thousands of objects at a time, and `addresses` remembers which
variable met an object first. Where blocks are shared between libraries, `buffers` adds
them up by address. Long containers are sampled (`sampling`, `giants`).

Python's own objects are known here, a library's by the file in ``libraries/`` with its
name, and a user's by what they registered with `sizer`. Nothing here runs the code of
the measured objects: attributes are read through the descriptors of `type` and of the
library's own class, so no ``__class__``, ``__sizeof__``, ``nbytes`` or property of a
user's class runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_memkit.lazy_names import lazy_names

if TYPE_CHECKING:
    from jupyter_memkit.measure.sizes.measuring import sizeof, sizes
    from jupyter_memkit.measure.sizes.parts import Buffer, Parts
    from jupyter_memkit.measure.sizes.records import Size, Sizes
    from jupyter_memkit.measure.sizes.registry import sizer

__all__ = ["Buffer", "Parts", "Size", "Sizes", "sizeof", "sizer", "sizes"]

# Imported on first use, because every child process needs a few small modules of this
# room, but measures nothing.
_HOMES = {
    "Buffer": "parts",
    "Parts": "parts",
    "Size": "records",
    "Sizes": "records",
    "sizeof": "measuring",
    "sizer": "registry",
    "sizes": "measuring",
}

__getattr__ = lazy_names(__name__, _HOMES)
