"""The true size of objects: what they hold, each byte counted once.

`sizeof` and `sizes` walk from an object to all that it refers to. Python's own
objects are understood as they are, a library's by the file in ``libraries/`` with its
name, and a user's by what they registered with `sizer`. Nothing here runs the code of
the objects that are measured.
"""

from jupyter_memkit.measure.sizes.measuring import sizeof, sizes
from jupyter_memkit.measure.sizes.parts import Buffer, Parts
from jupyter_memkit.measure.sizes.records import Size, Sizes
from jupyter_memkit.measure.sizes.registry import sizer

__all__ = ["Buffer", "Parts", "Size", "Sizes", "sizeof", "sizer", "sizes"]
