"""Run a function, or a notebook cell, in a process of its own.

The process comes from `processes`. This room adds what makes a call there equal to one
here: the state of the interpreter goes along, and what the call leaves is reported.
Nothing is imported here: each module is a part of what a child takes to start.
"""
