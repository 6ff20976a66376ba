"""Find what would save memory or time, each with its remedy.

Each file holds one rule: what it looks for, how much memory the remedy would free, and
the remedy, both as a line to run and as the call that the line makes. `search` runs the
rules over a `scene`. `find_leaks` runs those about memory that is no longer used;
`find_hints` also runs those about data that could be smaller and cells that could be
faster. `%memkit advice` and `%memleaks` read these lists, so they cannot disagree.

Hints are searched for on request, so a cell pays nothing for them. A search that runs
out of time is reported as incomplete.
"""

from jupyter_memkit.hints.records import Hint, Hints, Unused
from jupyter_memkit.hints.search import find_hints, find_leaks

__all__ = ["Hint", "Hints", "Unused", "find_hints", "find_leaks"]
