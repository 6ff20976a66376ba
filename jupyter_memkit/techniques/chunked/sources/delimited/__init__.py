"""CSV and TSV files, with the columns and types that pandas gives for the whole file.

The file is cut into blocks of whole lines, read into one buffer; fresh memory for each
would cost more than reading. After a quote that follows a letter no value is open, so
the end of the last line is mostly found by a look at the end of a block. Otherwise
`line_ends` looks at each byte once: quotes open and close
by turns where each opening quote is at the start of a value, which numpy checks. Any
other quote is a letter, and its part of the file is walked quote by quote.

The library that the chunks are for parses the blocks (`by_pandas`, `by_arrow`,
`by_polars`), so they mean what that library reads from the whole file. Blocks for
pandas are parsed by pyarrow on all cores where both agree, which is checked on the
result (`same_as_pandas`), and by pandas otherwise.

Types come from the head of the file and from 64 places in it (`pandas_columns`). In
plain lines pyarrow finds them in a fraction of pandas' time, and a column is text where
its first value cannot be a number. A look at a place may start within quotes; where a
look changes a type, all quotes before it are counted, which takes one pass over the
file. A type that shows later restarts the run where the cell is pure; elsewhere it ends
the run with a report of what was done and the option that helps. Where pandas' type
depends on the order of the values (integers of more than 64 bits beside others) the
file is refused.
"""

from jupyter_memkit.techniques.chunked.sources.delimited.line_ends import is_separator
from jupyter_memkit.techniques.chunked.sources.delimited.source import (
    SEPARATORS,
    DelimitedSource,
)

__all__ = ["SEPARATORS", "DelimitedSource", "is_separator"]
