"""Child processes: start one, call functions in it, show its output, end it.

`ChildProcess` is a new Python process, and `Call` runs a function in it; arguments,
value and output go through a `Channel`. All memory goes back to the system when the
process ends. This package knows nothing about what runs in a child. It imports nothing
here, because every import adds to the time in which a child starts.
"""
