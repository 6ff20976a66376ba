"""Calls a cell over some rows, and over parts of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jupyter_memkit.techniques.chunked.rehearsal.probes import Split
from jupyter_memkit.techniques.chunked.rehearsal.trial import Trial


@dataclass(frozen=True, slots=True)
class Tried:
    """A split, with the values of the cell over the whole and over the parts."""

    split: Split
    whole: Any
    parts: list[Any]


def try_split(trial: Trial, one: Split) -> Tried | None:
    """Return a split with its values; None if the cell fails on a part.

    Some cells also find nothing in a few rows, and return None then.
    """
    whole = trial.call(one.whole)
    parts = [trial.call(part) for part in one.parts]
    finds_all = whole and (whole[0] is None or _are_found(parts))
    if not finds_all or not all(parts):
        return None
    return Tried(one, whole[0], [part[0] for part in parts])


def _are_found(parts: list[list[Any]]) -> bool:
    """Return whether all parts have values other than None."""
    return all(value is not None for part in parts for value in part)
