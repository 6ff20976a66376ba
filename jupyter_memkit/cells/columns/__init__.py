"""Which columns of a chunk a cell uses, where its code proves it.

The model is closed. Each backend has a table of forms (`pandas_forms`, `polars_forms`,
`arrow_forms`) in which a chunk may stand; a cell in which it stands anywhere else reads
all columns. An array of numpy has one type for all its columns, so no form of it is
safe, and it has no table. To read more columns than needed is always right.
"""
