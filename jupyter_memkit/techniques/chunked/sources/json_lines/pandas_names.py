"""The types that pandas gives to JSON values."""

from __future__ import annotations

# The pandas types by the names of the Arrow types.
_PANDAS_NAMES = {
    "int64": "int64",
    "double": "float64",
    "bool": "bool",
    "uint64": "uint64",
}


def name_for_pandas(kind: str, *, has_nulls: bool) -> str:
    """Return the name of the pandas type for an Arrow type."""
    name = _PANDAS_NAMES.get(kind)
    if name is None:
        return "str"
    if has_nulls:
        return {"int64": "float64", "uint64": "float64", "bool": "object"}.get(
            name, name
        )
    return name
