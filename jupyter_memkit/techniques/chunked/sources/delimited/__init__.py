"""CSV and TSV files, with the columns and types that pandas gives for the whole file.

The file is cut into blocks of whole lines, which are read into one buffer: allocating
memory for each block would take longer than reading it. No value is open after a quote
that follows an ordinary character, so the end of the last line can usually be found by
scanning only the end of a block. Otherwise `line_ends` scans each byte once: if every
opening quote is at the start of a value, which numpy checks, quotes alternately open
and close values. Any other quote is an ordinary character, and its part of the file is
scanned quote by quote.

The library of the chunks parses the blocks (`by_pandas`, `by_arrow`, `by_polars`), so
they hold what that library reads from the whole file. Blocks for pandas are parsed by
pyarrow on all cores if both libraries agree, which is checked on the result
(`same_as_pandas`), and by pandas otherwise.

Types are inferred from the head of the file and from samples at 64 places in it
(`pandas_columns`). For plain lines pyarrow takes a fraction of pandas' time, and a
column is text if its first value cannot be a number. A sample may start within quotes;
if the samples change a type, all quotes before them are counted, which takes one pass
over the file. If a type appears only later, the run starts over if the cell is pure;
otherwise it ends with a report of what was done and the option that helps. A file is
rejected if its types in pandas depend on the order of the values (integers of more than
64 bits among others).
"""

from jupyter_memkit.techniques.chunked.sources.delimited.opening import open_delimited
from jupyter_memkit.techniques.chunked.sources.delimited.source import DelimitedSource

__all__ = ["DelimitedSource", "open_delimited"]
