"""The six tasks of a newcomer, written with one tool in each file.

Each file runs alone: ``python tests/benchmarks/newcomer/by_polars.py top FOLDER``
prints the result of a task as JSON. `tests.benchmarks.tasks` makes the data, and
compares them.
"""
