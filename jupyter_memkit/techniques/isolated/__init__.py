"""Run a function, or a notebook cell, in a separate process.

The process comes from `processes`. This package makes a call there behave like one
here: the state of the interpreter is sent along, and changes that the call makes to it
are reported. ``MEMKIT_RANDOM_CELLS=500 pytest tests/magics/test_random_cells.py`` runs
random cells here and isolated, and compares the effects. It imports nothing here,
because every import adds to the time in which a child starts.
"""
