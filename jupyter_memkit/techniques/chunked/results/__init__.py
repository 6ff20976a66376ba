"""Combines the values of the chunks into one result, or streams them to a file.

`sinks` chooses where the values go. `combine` holds the reductions, with `aligned` for
frames and series that are combined by their index and `concat` for those that are
joined. `out` writes tables to a file, with a module for each family of formats in
``writers/``. ``partial/`` holds statistics that combine to those of the whole.
"""
