"""The sizes of objects, as `sizeof` and `sizes` return them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_memkit.measure.sizes.parts import RAM, UNTOUCHED
from jupyter_memkit.records import Record, to_plain
from jupyter_memkit.units import format_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Size(Record):
    """What an object holds.

    Attributes
    ----------
    bytes : int
        Main memory of the object and all that it refers to, each byte once.
    shared_bytes : int
        The part of it that other variables of the same listing hold as well.
    elsewhere : mapping of str to int
        Bytes that are not in main memory, by where they live: ``"disk"`` for mapped
        files, ``"cuda:0"`` for a graphics device, ``"untouched"`` for pages that the
        system provides when they are first written to, as those of ``np.zeros``.
    exact : bool
        Whether everything was visited and understood.
    error_ratio : float or None
        How far an estimate may be off, as a part of `bytes`, in 95 of 100 cases; 0
        when everything was visited; None when it could not be told.
    opaque : tuple of str
        Types that no sizer knows and whose memory can be hidden from Python.
    """

    bytes: int
    shared_bytes: int = 0
    elsewhere: Mapping[str, int] = field(default_factory=dict)
    exact: bool = True
    error_ratio: float | None = 0.0
    opaque: tuple[str, ...] = ()

    @property
    def device(self) -> str:
        """Where most of it lives."""
        devices = self.elsewhere.keys() - {UNTOUCHED}
        most = max(devices, key=self.elsewhere.__getitem__, default=RAM)
        return most if self.elsewhere.get(most, 0) > self.bytes else RAM


class Sizes(Mapping[str, Size]):
    """The sizes of the variables of a namespace.

    Parameters
    ----------
    sizes : mapping of str to Size
        One for each variable.
    total_bytes : int
        What they hold together in main memory, shared parts counted once.
    """

    def __init__(self, sizes: Mapping[str, Size], total_bytes: int) -> None:
        self._sizes = dict(sizes)
        self.total_bytes = total_bytes

    def __getitem__(self, name: str) -> Size:
        """Return the size of a variable."""
        return self._sizes[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, in the order of the namespace."""
        return iter(self._sizes)

    def __len__(self) -> int:
        """Return how many variables there are."""
        return len(self._sizes)

    def __repr__(self) -> str:
        """Return how many variables there are, and what they hold together."""
        total = format_bytes(self.total_bytes)
        return f"Sizes({len(self)} variables, total={total})"

    def to_dict(self) -> dict[str, Any]:
        """Return the sizes as what `json.dumps` takes."""
        return {"sizes": to_plain(self._sizes), "total_bytes": self.total_bytes}
