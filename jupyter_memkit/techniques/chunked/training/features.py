"""Turns blocks of rows into features and targets: frames, or arrays of numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.columns import is_arrow_table, list_names
from jupyter_memkit.techniques.chunked.libraries import import_library

# The kinds of numpy's types that are numbers: bool, signed, unsigned, float.
_NUMBERS = "biuf"


@dataclass(frozen=True, slots=True)
class SplitTarget:
    """Splits blocks into features and target, in the form of the block.

    Parameters
    ----------
    name : str
        The name of the source in messages.
    target : str or callable, optional
        The column to predict, or a function that splits a block.
    """

    name: str
    target: str | Callable[[Any], Any] | None

    def __call__(self, rows: Any) -> Any:
        """Return a tuple of features and target; without a target the rows.

        Raises
        ------
        MemkitError
            If there is no such column, or the function returns something else.
        """
        __tracebackhide__ = True
        target = self.target
        if target is None:
            return rows
        if callable(target):
            return self._check_pair(target(rows))
        names = list_names(rows)
        if names is None:
            message = (
                f"the rows of {self.name} are of type {type(rows).__name__}, without "
                f"columns, so there is no {target!r}; give a function as the target, "
                "such as target=lambda rows: (rows[:, :-1], rows[:, -1])"
            )
            raise MemkitError(message)
        if target not in names:
            message = (
                f"{self.name} has no column {target!r} for the target; it has "
                f"{', '.join(names)}"
            )
            raise MemkitError(message)
        others = [name for name in names if name != target]
        if is_arrow_table(rows):
            return rows.select(others), rows.column(target)
        return rows[others], rows[target]

    def _check_pair(self, pair: Any) -> Any:
        if isinstance(pair, tuple) and len(pair) == 2:
            return pair
        got = f"a {type(pair).__name__}"
        message = (
            f"the rows of {self.name} must become a pair (features, target), "
            f"not {got}; end with both, such as: chunk[['a', 'b']], chunk['label'], or "
            "None in place of the target for a model that learns without one"
        )
        raise MemkitError(message)


@dataclass(frozen=True, slots=True)
class ToArrays:
    """Turns blocks into numpy arrays.

    Parameters
    ----------
    name, target
        As for `SplitTarget`.
    dtype : str, optional
        The type of the features and of targets with fractions; by default their own.
    """

    name: str
    target: str | Callable[[Any], Any] | None
    dtype: str | None = None

    def __call__(self, rows: Any) -> Any:
        """Return arrays by column, or with a target the features and the target.

        Raises
        ------
        MemkitError
            If a column holds no numbers.
        """
        if self.target is None:
            if list_names(rows) is None:
                return self._read_array(rows, "the rows")
            return self._read_columns(rows)
        features, target = SplitTarget(self.name, self.target)(rows)
        values = self._read_array(target, "the target")
        if self.dtype is not None and values.dtype.kind == "f":
            values = values.astype(self.dtype, copy=False)
        return self.join(features), values

    def join(self, features: Any) -> Any:
        """Return the features as one array with a column for each."""
        numpy = import_library("numpy", "batches")
        if list_names(features) is None:
            array = self._read_array(features, "the features")
            return array if self.dtype is None else array.astype(self.dtype, copy=False)
        columns = list(self._read_columns(features).values())
        dtype = self.dtype or numpy.result_type(*columns)
        matrices = [each.reshape(len(each), -1) for each in columns]
        width = sum(matrix.shape[1] for matrix in matrices)
        joined = numpy.empty((len(columns[0]), width), dtype)
        # Each column is converted on its way, without a copy of all.
        return numpy.concatenate(matrices, axis=1, out=joined, casting="unsafe")

    def _read_columns(self, rows: Any) -> dict[str, Any]:
        names = list_names(rows) or ()
        arrays = {name: read_column(rows, name) for name in names}
        numbers = [name for name, each in arrays.items() if each.dtype.kind in _NUMBERS]
        if not arrays:
            message = (
                f"{self.name} has only the column of the target; read more columns"
            )
            raise MemkitError(message)
        for name in names:
            if name not in numbers:
                message = (
                    f"the column {name!r} of {self.name} holds no numbers "
                    f"({_type_of(rows, name)}); {self._make_remedy(numbers)}"
                )
                raise MemkitError(message)
        return {str(name): array for name, array in arrays.items()}

    def _make_remedy(self, numbers: list[Any]) -> str:
        """Return how to leave out the columns that hold no numbers."""
        kept = [*numbers, *([self.target] if isinstance(self.target, str) else [])]
        if not numbers:
            return "give a function as the target that converts it to numbers"
        return (
            f"leave it out with chunked(..., columns={kept!r}), or give a function as "
            "the target that converts it to numbers"
        )

    def _read_array(self, values: Any, what: str) -> Any:
        numpy = import_library("numpy", "batches")
        array = _as_array(values) if hasattr(values, "to_numpy") else None
        array = numpy.asarray(values) if array is None else array
        if array.dtype.kind not in _NUMBERS:
            message = (
                f"{what} of {self.name} are not numbers ({array.dtype}); convert them, "
                "with a function as the target"
            )
            raise MemkitError(message)
        return array


def read_column(rows: Any, name: Any) -> Any:
    """Return a column as an array; missing numbers are NaN.

    Lists of numbers, all of one length, are the rows of a matrix.
    """
    array = _as_array(rows.column(name) if is_arrow_table(rows) else rows[name])
    is_nested = array.dtype.kind == "O" and len(array) and hasattr(array[0], "__len__")
    if not is_nested or isinstance(array[0], (str, bytes, dict)):
        return array
    numpy = import_library("numpy", "batches")
    try:
        return numpy.stack(array)
    except ValueError:  # They differ in length.
        return array


def _as_array(values: Any) -> Any:
    dtype: Any = getattr(values, "dtype", None)
    if getattr(dtype, "na_value", None) is not None and dtype.kind in "iuf":
        # One of pandas' types with missing values.
        missing = bool(values.isna().any())
        return values.to_numpy(dtype="float64" if missing else dtype.numpy_dtype)
    return values.to_numpy()


def _type_of(rows: Any, name: Any) -> str:
    if is_arrow_table(rows):
        return str(rows.schema.field(name).type)
    return str(rows[name].dtype)
