"""How a source is read in chunks: the user's choices, and what follows from them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_memkit.errors import MemkitError, suggest
from jupyter_memkit.techniques.chunked.budget import RowPlan
from jupyter_memkit.techniques.chunked.frames.backends import BACKENDS, find_backend
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.base import (
    FROM_FILES,
    FROM_QUERY,
    Request,
    Source,
    find_row_bytes,
)

# What users call types, by the names that are used here.
_PANDAS_NAMES = {"double": "float64", "float": "float64", "int": "int64"}
_NAMES = {
    "arrow": {"float64": "double", "int": "int64"},
    "numpy": _PANDAS_NAMES,
    "pandas": _PANDAS_NAMES,
    "polars": {
        "Boolean": "bool",
        "Int64": "int64",
        "int": "int64",
        "Float64": "double",
        "float": "double",
        "float64": "double",
        "String": "large_string",
        "Utf8": "large_string",
    },
}
# Types of columns that pandas has no name for.
_BESIDES_PANDAS = frozenset({"large_string", "mixed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a source is read in chunks.

    Attributes
    ----------
    memory_bytes : int
        How much the process may grow over the whole run.
    is_memory_given : bool
        Whether the user chose it; otherwise it depends on what is free at the moment.
    rows : int, optional
        The rows of a chunk, if the user fixed them.
    columns : tuple of str, optional
        The columns to read; None is all.
    is_pruned : bool
        Whether the columns were found in the cell's code, not chosen by the user.
    backend : str, optional
        The library of the chunks; None is that of the source.
    types : mapping of str to str
        The types of columns.
    categories : frozenset of str
        The columns that become categories.
    limit : int, optional
        The most chunks to process.
    """

    memory_bytes: int
    is_memory_given: bool = True
    rows: int | None = None
    columns: tuple[str, ...] | None = None
    is_pruned: bool = False
    backend: str | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    categories: frozenset[str] = frozenset()
    limit: int | None = None

    def plan_rows(
        self, source: Source, *, parts: int = 1, steady: bool = False
    ) -> RowPlan:
        """Return a new plan for the rows of the chunks, with a share of the budget."""
        fixed = self.rows or getattr(source, "fixed_rows", None)
        return RowPlan(
            self.memory_bytes // parts,
            find_row_bytes(source, self.columns),
            fixed_rows=fixed,
            steady=steady,
        )

    def request(self, source: Source, rows: RowPlan) -> Request:
        """Return the request to a source, with the types of its columns."""
        types = {**source.types(self.backend), **self.types}
        return Request(
            rows=rows.next_rows,
            columns=self.columns,
            types=types,
            given=frozenset(self.types),
            categories=self.categories,
            backend=self.backend,
            exact=self.rows is not None,
        )

    def with_all_columns(self) -> Settings:
        """Return the same settings with all columns."""
        return dataclasses.replace(self, columns=None, is_pruned=False)

    def with_types(self, types: Mapping[str, str]) -> Settings:
        """Return the same settings with other types of some columns."""
        return dataclasses.replace(self, types={**self.types, **types})


def choose_backend(source: Source, backend: str | None) -> str | None:
    """Return the library of the chunks: the user's choice, or the one they work with.

    Raises
    ------
    MemkitError
        If there is no such backend.
    """
    if backend is None:
        is_stored = source.backend in {FROM_FILES, FROM_QUERY}
        return find_backend() if is_stored else None
    if backend not in BACKENDS:
        remedy = suggest(backend, BACKENDS, f"use one of {', '.join(BACKENDS)}")
        message = f"there is no backend {backend!r}; {remedy}"
        raise MemkitError(message)
    return backend


def read_types(
    types: Mapping[str, str], backend: str | None
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return types by the names that readers know, and the columns of categories.

    Parameters
    ----------
    types : mapping of str to str
        The types that the user gave, by column.
    backend : str, optional
        The library of the chunks.

    Raises
    ------
    MemkitError
        If pandas knows no type of a name.
    """
    names = _NAMES.get(backend or "", {})
    found = {column: names.get(kind, kind) for column, kind in types.items()}
    categories = tuple(name for name, kind in found.items() if kind == "category")
    for name in categories:
        del found[name]
    if backend == "pandas":
        for name, kind in found.items():
            _check_pandas_type(name, kind)
    return found, categories


def _check_pandas_type(column: str, kind: str) -> None:
    if kind in _BESIDES_PANDAS:
        return
    pandas = import_library("pandas", "a table")
    try:
        pandas.api.types.pandas_dtype(kind)
    except (TypeError, ValueError) as error:
        common = ("int64", "float64", "str", "bool", "category")
        remedy = suggest(kind, common, f"use one such as {', '.join(common)}")
        message = f"pandas has no type {kind!r}, which --types gives {column}; {remedy}"
        raise MemkitError(message) from error


def check_columns(source: Source, *wanted: Any) -> None:
    """Reject columns that the source does not have.

    Raises
    ------
    MemkitError
        If there are any; the message lists the columns of the source.
    """
    names = [name for some in wanted for name in some or ()]
    if not names:
        return
    available = source.columns()
    if available is None:
        message = f"{source.name} has no columns to choose from; leave out --columns"
        raise MemkitError(message)
    known = set(available)
    for name in names:
        if name not in known:
            remedy = suggest(name, available, f"it has {', '.join(available)}")
            message = f"{source.name} has no column {name!r}; {remedy}"
            raise MemkitError(message)
