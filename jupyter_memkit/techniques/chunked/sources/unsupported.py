"""How to read files that cannot be read in parts, by extension."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

_READ_FIRST = (
    'read it first, and run over the result: table = pandas.{reader}("{path}")'
)
_WHOLE = {
    ".json": "read_json",
    ".ods": "read_excel",
    ".orc": "read_orc",
    ".pkl": "read_pickle",
    ".pickle": "read_pickle",
    ".xls": "read_excel",
    ".xlsx": "read_excel",
    ".xml": "read_xml",
}
_DATABASES = frozenset({".db", ".sqlite", ".sqlite3"})

# More than most first lines have.
_HEAD_BYTES = 1 << 16


def find_remedy(path: Path, suffix: str | None = None) -> str:
    """Return what helps for a file of an unsupported format.

    Parameters
    ----------
    path : Path
        The file.
    suffix : str, optional
        The extension of its format, by default that of its name.
    """
    suffix = suffix or path.suffix.lower()
    if suffix in _DATABASES:
        return (
            f'connect to it first, con = sqlite3.connect("{path}"), and use '
            '--sql "SELECT ..." --connection con'
        )
    if suffix == ".json" and _holds_lines(path):
        return (
            "its lines are JSON objects, which are read if it is called "
            f"{path.with_suffix('.jsonl').name}"
        )
    if suffix == ".zip":
        return (
            "unpack it; an archive of one file is read if its name shows the format, "
            f"such as {path.stem}.csv.zip"
        )
    if suffix in _WHOLE:
        return _READ_FIRST.format(reader=_WHOLE[suffix], path=path)
    return (
        "for a table in text, run over a reader: "
        f'reader = pandas.read_csv("{path}", sep=..., chunksize=100_000)'
    )


def _holds_lines(path: Path) -> bool:
    """Return whether the first line of a file is a JSON object, and another follows."""
    with suppress(OSError, ValueError), path.open("rb") as stream:
        first, second = (stream.readline(_HEAD_BYTES) for _ in range(2))
        return isinstance(json.loads(first), dict) and bool(second.strip())
    return False
