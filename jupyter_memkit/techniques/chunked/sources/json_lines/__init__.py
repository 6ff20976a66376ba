"""JSON lines, in tables whose columns and types a sample of the file tells.

Text that looks like a date or a number stays text, as pandas has it with
``read_json(..., lines=True, dtype=False)``, and for Arrow dates are dates. What is
missing is NaN where pandas has objects, and nested objects have the same keys
throughout. Of a column of values of different kinds pandas has objects; then Python
parses the lines. A column without any value is one of floats.
"""

from jupyter_memkit.techniques.chunked.sources.json_lines.source import (
    SUFFIXES,
    JsonLinesSource,
)

__all__ = ["SUFFIXES", "JsonLinesSource"]
