"""JSON lines, in tables whose columns and types come from a sample of the file.

Text that looks like a date or a number stays text, as in pandas with
``read_json(..., lines=True, dtype=False)``; for Arrow dates are dates. Missing values
are NaN where pandas has objects, and nested objects have the same keys throughout. A
column without any value is a column of floats.

pyarrow parses the lines, and Python where pyarrow refuses: for a column with values of
several types pandas has objects, which are kept as JSON text until the frame is made.
"""

from jupyter_memkit.techniques.chunked.sources.json_lines.source import (
    SUFFIXES,
    JsonLinesSource,
)

__all__ = ["SUFFIXES", "JsonLinesSource"]
