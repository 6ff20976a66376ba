"""Finds out whether a cell failed because a column was not read.

The model of the forms excludes this. A case beyond the model, such as a list of names
that is changed through another variable, shows as an error of the frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jupyter_memkit.measure.sizes.loaded import find_loaded


def find_missing(error: BaseException, unread: Iterable[str]) -> str | None:
    """Return the unread column that a cell may have failed for.

    Parameters
    ----------
    error : BaseException
        The exception of the cell.
    unread : iterable of str
        The columns that exist and were not read.

    Returns
    -------
    str or None
        The first of them that the error, or one that led to it, names; None if there
        is none.

    Examples
    --------
    >>> find_missing(KeyError("qty"), ["cat", "qty"])
    'qty'
    >>> find_missing(KeyError("missing"), ["cat", "qty"])
    """
    names = list(unread)
    for each in _chain(error):
        for name in names:
            if _names_column(each, name):
                return name
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its chain of causes and contexts."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _names_column(error: BaseException, name: str) -> bool:
    kinds = (
        KeyError,
        AttributeError,
        find_loaded("polars.exceptions", "ColumnNotFoundError"),
        find_loaded("pyarrow.lib", "ArrowInvalid"),
    )
    if not isinstance(error, tuple(kind for kind in kinds if kind is not None)):
        return False
    # Converting other values to text would run their own code.
    texts = [text for text in error.args if type(text) is str]
    quoted = (f"'{name}'", f'"{name}"', f"FieldRef.Name({name})")
    return any(text == name or any(q in text for q in quoted) for text in texts)
