"""Find what would save memory or time, each with its cure.

One file a rule: what it looks for, what the cure would give back, and the cure, as the
line to run and as the call of the technique that the line makes. `search` runs the
rules over a `scene`: `find_leaks` those about memory that is no longer used,
`find_hints` these and those about data that could be smaller and cells that could be
faster. Everything that shows hints reads these lists, so no two views can disagree.

Hints are found when somebody asks; a cell pays nothing for them. When the time is up,
the result says that it is not complete.
"""

from jupyter_memkit.hints.records import Hint, Hints, Unused
from jupyter_memkit.hints.search import find_hints, find_leaks

__all__ = ["Hint", "Hints", "Unused", "find_hints", "find_leaks"]
