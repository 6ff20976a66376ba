"""Measure memory that would be freed if something released it.

`hidden` compares what outputs, tracebacks, figures, scripts and caches hold with what
stays: variables, closures, the user's own modules, globals that the functions of
scripts read. An estimate first shows which of these share anything with a holder, and
only those are then visited whole. The namespaces of libraries are left out, because
searching them takes seconds. Values that several holders keep together make one leak
with one remedy. If the search was cut short, a size is an upper bound.

`small_views` and `small_slices` find values that keep more memory than they show, and
`duplicates` finds equal data. The rules in `hints` turn these into hints with remedies,
and measure with `sizes`.
"""

from jupyter_memkit.measure.sizes import sizes

__all__ = ["sizes"]
