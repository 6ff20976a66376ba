"""The sizes of objects, as `sizeof` and `sizes` return them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from jupyter_memkit.measure.sizes.parts import RAM, UNTOUCHED
from jupyter_memkit.records import Record, to_plain
from jupyter_memkit.units import format_bytes

Accuracy = Literal["exact", "estimate", "at least"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size(Record):
    """The memory that an object holds.

    Attributes
    ----------
    bytes : int
        Main memory of the object and everything it refers to, each byte counted once.
    shared_bytes : int
        The part that other variables of the same listing hold as well.
    elsewhere : mapping of str to int
        Bytes that are not in main memory, by location: ``"disk"`` for mapped files,
        ``"cuda:0"`` for a graphics device, ``"untouched"`` for pages that the system
        provides only when they are first written to, such as those of ``np.zeros``.
    exact : bool
        Whether everything was visited and understood.
    error_ratio : float or None
        The error bound of an estimate, as a fraction of `bytes`, at 95 % confidence; 0
        when everything was visited; None when it is unknown.
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
    def everywhere_bytes(self) -> int:
        """All bytes, in main memory and elsewhere."""
        return self.bytes + sum(self.elsewhere.values())

    @property
    def accuracy(self) -> Accuracy:
        """Whether the size is exact, an estimate, or a lower bound."""
        if self.error_ratio is None or self.opaque:
            return "at least"
        return "exact" if self.exact else "estimate"

    @property
    def device(self) -> str:
        """The device that holds the largest part."""
        devices = self.elsewhere.keys() - {UNTOUCHED}
        most = max(devices, key=self.elsewhere.__getitem__, default=RAM)
        return most if self.elsewhere.get(most, 0) > self.bytes else RAM


class Sizes(Mapping[str, Size]):
    """The sizes of the variables of a namespace.

    Parameters
    ----------
    sizes : mapping of str to Size
        The size of each variable.
    total_bytes : int
        The main memory that they hold together, shared parts counted once.
    """

    def __init__(self, sizes: Mapping[str, Size], total_bytes: int) -> None:
        self._sizes = dict(sizes)
        self.total_bytes = total_bytes

    def __getitem__(self, name: str) -> Size:
        """Return the size of a variable."""
        return self._sizes[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names in the order of the namespace."""
        return iter(self._sizes)

    def __len__(self) -> int:
        """Return the number of variables."""
        return len(self._sizes)

    def __repr__(self) -> str:
        """Return the number of variables and their total size."""
        total = format_bytes(self.total_bytes)
        return f"Sizes({len(self)} variables, total={total})"

    def to_dict(self) -> dict[str, Any]:
        """Return the sizes as a dict for `json.dumps`."""
        return {"sizes": to_plain(self._sizes), "total_bytes": self.total_bytes}
