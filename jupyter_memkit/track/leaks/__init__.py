"""Measure what holds memory that is no longer used.

`hidden` compares what outputs, tracebacks, figures, scripts and caches hold with what
stays: variables, closures, the user's own modules, the globals that functions of
scripts read. An estimate first shows what shares anything, and only that is then
visited whole; libraries' namespaces are left out, because looking through them takes
seconds. `small_views` and `small_slices` find what keeps more than it shows, and
`duplicates` finds equal data. The rules of `hints` turn these into hints with
cures; they measure with `sizes`.
"""

from jupyter_memkit.measure.sizes import sizes

__all__ = ["sizes"]
