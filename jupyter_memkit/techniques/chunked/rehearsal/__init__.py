"""Tries a cell on a few rows before it runs over all of them.

No list of methods is complete, so a cell without effects is judged by example: over
halves, over the rows twice, over sorted and interleaved rows, over single rows that are
far from each other, the values of the parts have to combine to the value of the whole,
by the same operation as in the run. Leading columns of a frame without an index of its
own are taken as keys if that makes the parts agree.

It starts with 16 rows and takes more while a call is quick. Of many columns it takes
those that the cell names and 64 others, or all if the cell fails on these. Sums may
differ by rounding, relative to the parts.
"""

from __future__ import annotations

from jupyter_memkit.techniques.chunked.rehearsal.rehearsing import Rehearsal, rehearse

__all__ = ["Rehearsal", "rehearse"]
