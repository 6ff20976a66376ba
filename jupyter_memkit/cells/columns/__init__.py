"""Find the columns of a chunk that a cell uses, where its code proves it.

The model is closed. Each backend has a table of forms (`pandas_forms`, `polars_forms`,
`arrow_forms`) in which a chunk may occur. A cell in which it occurs in any other form
reads all columns, and so does a cell whose chunk may be read by code that is not in
sight (`hidden`). A numpy array has one type for all its columns, so no form of it is
safe, and it has no table. Uses that depend on the number or the order of the columns
are not modelled either. Reading more columns than needed is always correct, so names
are followed without regard to the order of statements.

A frame raises an error for a column that it lacks (`missing`); the run then starts over
with all columns, if no work would be done twice. ``MEMKIT_RANDOM_COLUMNS=100000 pytest
tests/cells/test_random_columns.py`` compares random cells with and without all columns.
"""
