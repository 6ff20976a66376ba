"""JSON lines, in tables whose columns and types come from a sample of the file.

Text that looks like a date or a number stays text, as in pandas with
``read_json(..., lines=True, dtype=False, convert_dates=False)``; for Arrow dates are
dates. Missing values are NaN where pandas has objects. A column without any value is a
column of floats.

pyarrow parses the lines, and Python where pyarrow refuses. Columns with nested values,
or with values of several types, are columns of objects in pandas, where a nested object
has its own keys only: Python parses these, and they are kept as JSON text until the
frame is made. For Arrow and polars nested objects have the same keys throughout.
"""

from jupyter_memkit.techniques.chunked.sources.json_lines.source import JsonLinesSource

__all__ = ["JsonLinesSource"]
