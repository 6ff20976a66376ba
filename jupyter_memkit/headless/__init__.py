"""Runs whole notebooks without a browser, and reports the memory of each cell.

nbclient executes the cells. After each one the kernel is asked on its control channel,
as the sidebar asks it, so nothing of ours runs as a cell. `execute` runs a notebook,
`records` holds what was measured, `compare` compares two runs, `command` is
``jupyter memkit``, and `pytest_plugin` checks notebooks in a suite of tests.
"""
