"""What packing and shrinking did, as the magics return it."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_memkit.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Record):
    """A column of a frame, or all of an array.

    Attributes
    ----------
    label : str
        The column's label as text; empty for an array or a Series.
    before_dtype, after_dtype : str
        The dtypes; equal where it was kept.
    before_bytes, after_bytes : int
        True sizes, in bytes.
    note : str
        Why it was kept, or what is not as it was: the error of a lossy step.
    """

    label: str
    before_dtype: str
    after_dtype: str
    before_bytes: int
    after_bytes: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced(Record):
    """A variable whose value was packed or shrunk.

    Attributes
    ----------
    name : str
        The variable; several with commas where they are one object.
    into : str
        The variable that has the result.
    before_type, after_type : str
        What it was, and is.
    shape : tuple of int or None
        The shape of the result.
    before_bytes, after_bytes : int
        True sizes, in bytes.
    exact : bool
        Whether `before_bytes` is exact, or an estimate from a sample.
    parts : tuple of Part
        Column by column.
    held : tuple of str
        The chains by which the value before is still reached; empty when it is gone.
    speedup : float or None
        How many times faster a sum is; None where nothing was summed.
    """

    name: str
    into: str
    before_type: str
    after_type: str
    shape: tuple[int, ...] | None
    before_bytes: int
    after_bytes: int
    exact: bool = True
    parts: tuple[Part, ...] = ()
    held: tuple[str, ...] = ()
    speedup: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed(Record):
    """What `to_numpy` did to variables.

    Attributes
    ----------
    variables : tuple of Replaced
        One for each.
    freed_bytes : int
        Resident memory before minus after; below 0 where it rose.
    duration_s : float
        How long it took, in seconds.
    copies : tuple of str
        What had held the values before, and does no longer.
    """

    variables: tuple[Replaced, ...]
    freed_bytes: int
    duration_s: float
    copies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk(Record):
    """What shrinking did to variables, or with ``dry_run`` would do.

    Attributes
    ----------
    variables : tuple of Replaced
        One for each.
    freed_bytes : int or None
        Resident memory before minus after; None in a dry run.
    duration_s : float
        How long it took, in seconds.
    copies : tuple of str
        What had held the values before, and does no longer.
    dry_run : bool
        Whether nothing was changed.
    """

    variables: tuple[Replaced, ...]
    freed_bytes: int | None
    duration_s: float
    copies: tuple[str, ...] = ()
    dry_run: bool = False

    @property
    def before_bytes(self) -> int:
        """True size of all before."""
        return sum(each.before_bytes for each in self.variables)

    @property
    def after_bytes(self) -> int:
        """True size of all after."""
        return sum(each.after_bytes for each in self.variables)
