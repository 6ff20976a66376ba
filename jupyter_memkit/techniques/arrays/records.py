"""Records of packing and shrinking, which the magics return."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_memkit.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Record):
    """A column of a frame, or a whole array.

    Attributes
    ----------
    label : str
        The column's label as text; empty for an array or a Series.
    before_dtype, after_dtype : str
        The dtypes; equal if it was kept.
    before_bytes, after_bytes : int
        True sizes, in bytes.
    note : str
        Why it was kept, or the error of a lossy conversion.
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
        The name of the variable; several with commas if they are one object.
    into : str
        The variable for the result.
    before_type, after_type : str
        Its type before and after.
    shape : tuple of int or None
        The shape of the result.
    before_bytes, after_bytes : int
        True sizes, in bytes.
    exact : bool
        Whether `before_bytes` is exact rather than estimated from a sample.
    parts : tuple of Part
        The columns.
    held : tuple of str
        The chains that still lead to the old value; empty if it was freed.
    speedup : float or None
        How many times faster a sum is; None if nothing was summed.
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
    """The result of `to_numpy` on variables.

    Attributes
    ----------
    variables : tuple of Replaced
        A record for each variable.
    freed_bytes : int
        Resident memory before minus after; negative if it rose.
    duration_s : float
        The duration, in seconds.
    copies : tuple of str
        Other holders of the old values that were cleared.
    """

    variables: tuple[Replaced, ...]
    freed_bytes: int
    duration_s: float
    copies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk(Record):
    """The result of shrinking variables, or with ``dry_run`` what it would be.

    Attributes
    ----------
    variables : tuple of Replaced
        A record for each variable.
    freed_bytes : int or None
        Resident memory before minus after; None in a dry run.
    duration_s : float
        The duration, in seconds.
    copies : tuple of str
        Other holders of the old values that were cleared.
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
        """The total true size before."""
        return sum(each.before_bytes for each in self.variables)

    @property
    def after_bytes(self) -> int:
        """The total true size after."""
        return sum(each.after_bytes for each in self.variables)
