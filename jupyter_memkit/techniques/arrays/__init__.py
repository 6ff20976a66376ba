"""Compact arrays and frames: `to_numpy`, `shrink` and what they are made of.

`shrink` keeps the kind of a dtype: int64 becomes int8, never uint8, and a float becomes
float32 only where every value is represented bit for bit. A frame that only its
variable holds is taken apart, and the pages of a column that is done are returned by
`madvise`, so at most one column is in memory twice. `to_numpy` checks and packs in
blocks that fit into the processor's cache.

`shrink_names` and `pack_names` do this to variables, `preview` finds what `shrink`
would do, and `csv_reading/` how to read a file with small dtypes.
"""
