"""Replace the values of variables, as `%shrink`, `%to_numpy` and `%spill` do.

`namespaces` looks up the names that the user wrote. `replacing` replaces values, either
all or none, and measures how much memory that frees. `forget` deletes a value with
every copy that IPython keeps, and `undo` restores what was replaced.
"""
