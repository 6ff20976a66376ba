"""Replace the values of variables: what `%shrink`, `%to_numpy` and `%spill` share.

`namespaces` looks up the names that the user wrote, `replacing` puts new values in the
place of old ones, all or none, and measures what that frees, `forget` makes IPython
forget a value with every copy that it keeps, and `undo` restores what was replaced.
"""
