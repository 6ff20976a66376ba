"""Pause the garbage collector, and restore it.

Each pause is a claim on the one `state` of the process. When the last pause ends, the
switch and the thresholds are restored to what they were before the first one. A
collector that was already disabled stays disabled, and nothing is collected.

`options` checks the options of a pause, `pause` is the context manager and decorator,
`switch` is the pause that ``%gc_pause on`` begins, `avoided` counts the collections
that did not run, and `growth` ends a pause when memory grows beyond a limit.
"""
