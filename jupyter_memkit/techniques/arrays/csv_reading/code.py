"""Generates code that reads a CSV file with given dtypes."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_memkit.techniques.arrays.records import Part


def write_code(path: str, delimiter: str, parts: Iterable[Part]) -> str:
    """Return a call of ``pd.read_csv``.

    Parameters
    ----------
    path : str
        The file.
    delimiter : str
        The delimiter of its columns.
    parts : iterable of Part
        Its columns, with the dtypes to use.

    Returns
    -------
    str
        The code, with one argument per line.

    Examples
    --------
    >>> part = Part(
    ...     label="qty",
    ...     before_dtype="int64",
    ...     after_dtype="int8",
    ...     before_bytes=8,
    ...     after_bytes=1,
    ... )
    >>> print(write_code("orders.csv", ",", [part]))
    pd.read_csv(
        'orders.csv',
        usecols=['qty'],
        dtype={'qty': 'int8'},
    )
    """
    parts = list(parts)
    dtypes = {
        part.label: part.after_dtype
        for part in parts
        if part.after_dtype != part.before_dtype
        and not part.after_dtype.startswith("datetime")
    }
    times = [part.label for part in parts if part.after_dtype.startswith("datetime")]
    lines = [f"{path!r}"]
    if delimiter != ",":
        lines.append(f"sep={delimiter!r}")
    lines.append(f"usecols={[part.label for part in parts]!r}")
    if dtypes:
        lines.append(f"dtype={dtypes!r}")
    if times:
        lines.append(f"parse_dates={times!r}")
    return "\n".join(["pd.read_csv(", *(f"    {line}," for line in lines), ")"])
