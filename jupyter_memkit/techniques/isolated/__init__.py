"""Run a function, or a notebook cell, in a process of its own.

A `ChildProcess` is started, a `Call` sends a function to it, shows what it prints, and
brings its value back; the memory of all that was done goes back when the process ends.
Nothing is imported here: each module of it is a part of what a child takes to start.
"""
