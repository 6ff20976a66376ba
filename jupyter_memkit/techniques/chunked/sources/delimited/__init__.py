"""CSV and TSV files, with the columns and types that pandas gives for the whole file.

The file is cut into blocks of whole lines, so that memory is bounded by the block, and
each block is parsed by the library that the chunks are for. pandas' blocks are parsed
by pyarrow on all cores where both mean the same, and else by pandas: a block that is
broken means the same, and is refused in the same place.
"""

from jupyter_memkit.techniques.chunked.sources.delimited.line_ends import is_separator
from jupyter_memkit.techniques.chunked.sources.delimited.source import (
    SEPARATORS,
    DelimitedSource,
)

__all__ = ["SEPARATORS", "DelimitedSource", "is_separator"]
