"""CSV and TSV files, with the columns and types that pandas gives for the whole file.

The file is cut into blocks of whole lines, so that memory is bounded by the block, and
each block is parsed by pyarrow on all cores. What pyarrow refuses pandas parses: a
block that is broken means the same, and is refused in the same place.
"""

from jupyter_memkit.techniques.chunked.sources.delimited.source import (
    SEPARATORS,
    DelimitedSource,
)

__all__ = ["SEPARATORS", "DelimitedSource"]
