"""The statements that replace a slice with a copy, which releases the whole.

The ``copy`` and ``clone`` of these libraries share the memory; a pickle contains only
the slice.
"""

from __future__ import annotations

PICKLED = "import pickle; {0} = pickle.loads(pickle.dumps({0}))"
TAKEN = "{0} = {0}.take(list(range(len({0}))))"
