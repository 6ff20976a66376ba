"""Reads files with pandas alone: with the user's options, or with an index."""

from __future__ import annotations

from collections.abc import Generator, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.remedies import write_list
from jupyter_memkit.techniques.chunked.sources.base import (
    Piece,
    Request,
    TypeChange,
)
from jupyter_memkit.techniques.chunked.sources.delimited.categories import (
    check_categories,
    find_inferred,
)
from jupyter_memkit.techniques.chunked.sources.delimited.columns import (
    Index,
    Layout,
)
from jupyter_memkit.techniques.chunked.sources.delimited.dates import (
    OPTIONS as OF_DATES,
)
from jupyter_memkit.techniques.chunked.sources.delimited.dates import (
    Dates,
    combines_columns,
)
from jupyter_memkit.techniques.chunked.sources.delimited.index_types import (
    agree_index,
    check_index,
    name_index,
)
from jupyter_memkit.techniques.chunked.sources.delimited.pandas_types import (
    FOUND,
    MISSING,
    check_integers,
    make_integer_error,
    name_types,
    unite,
)
from jupyter_memkit.techniques.chunked.sources.delimited.type_keys import (
    find_text_types,
)
from jupyter_memkit.techniques.chunked.sources.reader import iterate_reader
from jupyter_memkit.techniques.chunked.sources.reader_options import (
    explaining_options,
)

_SAMPLE_ROWS = 10_000

# The options with which pandas returns a reader instead of a frame.
_OF_CHUNKS = ("chunksize", "iterator")


def find_whole_layout(path: Path, separator: str, options: Mapping[str, Any]) -> Layout:
    """Inspect the first rows of a file, with options of ``pandas.read_csv``."""
    pandas = import_library("pandas", path.name)
    chosen = {"sep": separator, **options}
    for name in _OF_CHUNKS:
        if chosen.get(name):
            message = f"{path.name} is read in chunks anyway; use --rows, not {name}"
            raise SourceError(message)
    with explaining_options(path.name, options):
        rows = min(chosen.pop("nrows", None) or _SAMPLE_ROWS, _SAMPLE_ROWS)
        with pandas.read_csv(path, **chosen, iterator=True) as reader:
            frame = reader.read(rows)
            # The index itself does not show it: it may have the default numbers.
            parser = getattr(reader, "_engine", None)
            has_index = bool(getattr(parser, "_implicit_index", False))
    names = tuple(frame.columns)
    missing = _list_missing(options)
    types = name_types(pandas, frame, missing=missing)
    index: Index = ()
    if has_index or options.get("index_col", False) is not False:
        index = name_index(pandas, frame.index, missing)
    return Layout(
        names=names,
        types={
            name: str(dtype) if _is_given(options, name) else types[name]
            for name, dtype in frame.dtypes.items()
        },
        empty=frozenset(frame.columns[frame.isna().all().to_numpy()]),
        columns=names,
        separator=separator,
        backend="pandas",
        body_start=0,
        row_bytes=0.0,
        has_index=has_index,
        index=tuple(
            # Integers that the user wants as text are not too large for it.
            (name, "str" if kind == "integer" and _is_given(options, name) else kind)
            for name, kind in index
        ),
    )


def _list_missing(options: Mapping[str, Any]) -> Sequence[str]:
    """Return what pandas reads as a missing value by default."""
    finds_any = options.get("na_filter", True) and options.get("keep_default_na", True)
    return MISSING if finds_any else ()


def _is_given(options: Mapping[str, Any], name: Hashable) -> bool:
    """Return whether the user chose the type of a column, or a function makes it."""
    given = options.get("dtype")
    is_typed = name in given if isinstance(given, Mapping) else given is not None
    functions = options.get("converters") or {}
    # A position may be that of any column.
    has_position = any(isinstance(key, int) for key in functions)
    return is_typed or name in functions or has_position


def read_whole(
    path: Path,
    separator: str,
    options: Mapping[str, Any],
    request: Request,
    layout: Layout,
) -> Generator[Piece, None, None]:
    """Read a file as frames, in which text columns stay text even if all are digits."""
    check_integers(layout, path)
    check_index(layout.index, path)
    given = {"sep": separator, **options}
    dates = None
    if not combines_columns(options):
        dates = Dates(path, options, layout)
        given = {key: value for key, value in given.items() if key not in OF_DATES}
    dtype = given.pop("dtype", None)
    if dtype is None or isinstance(dtype, Mapping):
        dtype = {
            **dict.fromkeys(find_inferred(layout), "category"),
            **find_text_types(path, given, layout),
            **(dtype or {}),
        }
    pandas = import_library("pandas", path.name)
    with (
        explaining_options(path.name, options),
        pandas.read_csv(path, **given, dtype=dtype, iterator=True) as reader,
    ):
        chosen = _Chosen(
            reader=reader, layout=layout, path=path, options=options, dates=dates
        )
        yield from iterate_reader(chosen, request)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """A reader of pandas whose frames have some of the columns.

    With ``usecols`` pandas would take the first columns for those with names where an
    index has none, and would accept lines with too many values.
    """

    reader: Any
    layout: Layout
    path: Path
    options: Mapping[str, Any]
    dates: Dates | None
    # Of the categories that the user wants with --read, in the first rows.
    kinds: dict[Hashable, str] = field(default_factory=dict)

    def get_chunk(self, rows: int) -> Any:
        """Return the next frame."""
        frame = self.reader.get_chunk(rows)
        self._check_types(frame)
        if self.dates is not None:
            frame = self.dates.convert(frame)
        if self.layout.columns != self.layout.names:
            frame = frame[list(self.layout.columns)]
        return agree_index(frame, self.layout.index, self.path, self.options)

    def _check_types(self, frame: Any) -> None:
        """Reject values with which pandas would infer another type for the whole file.

        An object column, for example, holds Booleans of which some are missing, and
        also text; but in a file with both, the Booleans are text as well.
        """
        layout = self.layout
        names = [
            name
            for name in layout.columns
            if layout.types[name] in FOUND - {"str"}
            and not _is_given(self.options, name)
        ]
        pandas = import_library("pandas", self.path.name)
        kinds = name_types(pandas, frame[names], missing=_list_missing(self.options))
        changes: dict[Any, tuple[str, str]] = {}
        for name, got in kinds.items():
            before, is_guess = layout.types[name], name in layout.empty
            after = unite(before, got, frame[name], is_guess=is_guess)
            if after == "integer":
                raise make_integer_error(self.path, name)
            if after != before:
                changes[name] = (before, after)
        if changes:
            raise TypeChange(self.path.name, changes)
        inferred = {
            name: frame[name].cat.categories
            for name in find_inferred(layout)
            if name in frame and not _is_given(self.options, name)
        }
        check_categories(inferred, layout, self.path)
        self._check_given_categories(frame)

    def _check_given_categories(self, frame: Any) -> None:
        """Reject categories that pandas infers otherwise than in earlier rows.

        In the whole file they are all text.
        """
        for name, dtype in frame.dtypes.items():
            if dtype != "category" or not _is_given(self.options, name):
                continue
            kind = frame[name].cat.categories.inferred_type
            kind = {"floating": "integer"}.get(kind, kind)
            if kind != "empty" and kind != self.kinds.setdefault(name, kind):
                message = (
                    f"{name} of {self.path.name} has categories of type {kind} in "
                    f"some rows and {self.kinds[name]} in others; leave {name} out of "
                    f"--read dtype, and use --types {write_list([f'{name}=category'])}"
                )
                raise SourceError(message)
