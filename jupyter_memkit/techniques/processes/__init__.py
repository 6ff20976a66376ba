"""Child processes: start one, call functions in it, show what it prints, end it.

`ChildProcess` is a new Python, and `Call` runs a function in it: arguments, value and
output go through a `Channel`. The system gets all memory back when the process ends.
This room does not know what runs in a child. Nothing is imported here: each module is a
part of what a child takes to start.
"""
