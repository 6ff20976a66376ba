"""Parses and formats quantities. Sizes are shown in powers of 1024 with IEC units.

``labextension/src/text/format.ts`` has the same rules, and both are tested with
``tests/fixtures/format_cases.json``.
"""

from __future__ import annotations

import math
import operator
import re
from typing import SupportsIndex

from jupyter_memkit.errors import MemkitError

_IEC_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")

_FACTORS = {
    "b": 1,
    **{f"{prefix}b": 1000**power for power, prefix in enumerate("kmgtp", start=1)},
    **{f"{prefix}ib": 1024**power for power, prefix in enumerate("kmgtp", start=1)},
    # A bare letter is a power of 1024, as in Docker, Kubernetes and Java.
    **{prefix: 1024**power for power, prefix in enumerate("kmgtp", start=1)},
}

# A larger number without a unit can hardly mean megabytes.
_SURELY_BYTES = 1_000_000

_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}

# A number, with as many digits as can mean something, and a unit.
_QUANTITY = re.compile(
    r"\s*(\d{1,30}(?:\.\d{1,30})?|\.\d{1,30})\s*([a-z]*)\s*", re.IGNORECASE
)


class GivenBytes(int):
    """A number of bytes that `format_bytes` shows as it was written.

    Arithmetic with it returns plain numbers.

    Attributes
    ----------
    text : str
        How it was written, such as ``"500 MB"``.
    """

    text: str

    def __new__(cls, n_bytes: int, text: str = "") -> GivenBytes:  # noqa: PYI034 - Python 3.10 has no Self
        """Create the number with the text that it was written as."""
        given = super().__new__(cls, n_bytes)
        given.text = text
        return given


def _round_half_up(value: float, digits: int) -> float:
    """Round half up like JavaScript's ``Math.round``, not half to even."""
    scale: int = 10**digits
    return math.floor(value * scale + 0.5) / scale


def format_bytes(n_bytes: int) -> str:
    """Format a number of bytes for display.

    Parameters
    ----------
    n_bytes : int
        Size in bytes; a negative size keeps its sign.

    Returns
    -------
    str
        The size with one decimal in the largest unit that fits; a size from
        `parse_bytes` is shown in the unit in which it was written.

    Examples
    --------
    >>> format_bytes(400_000_000)
    '381.5 MiB'
    >>> format_bytes(-512)
    '-512 B'
    >>> format_bytes(parse_bytes("500MB"))
    '500 MB'
    """
    if isinstance(n_bytes, GivenBytes) and n_bytes.text:
        return n_bytes.text
    sign = "-" if n_bytes < 0 else ""
    value: float = abs(n_bytes)
    if value < 1024:
        return f"{sign}{value:.0f} B"
    unit = 0
    while _round_half_up(value, 1) >= 1024 and unit < len(_IEC_UNITS) - 1:
        value /= 1024
        unit += 1
    return f"{sign}{_round_half_up(value, 1):.1f} {_IEC_UNITS[unit]}"


def format_given(n_bytes: int) -> str:
    """Format a size that was given, to compare it with sizes that were measured.

    Parameters
    ----------
    n_bytes : int
        Size in bytes, such as one from `parse_bytes`.

    Returns
    -------
    str
        The size as it was written, and in the unit of measured sizes if that differs.

    Examples
    --------
    >>> format_given(parse_bytes("500MB")), format_given(parse_bytes("1.5 GiB"))
    ('500 MB (476.8 MiB)', '1.5 GiB')
    """
    given, measured = format_bytes(n_bytes), format_bytes(int(n_bytes))
    if given == measured or given.endswith(_IEC_UNITS[1:]):
        return given
    return f"{given} ({measured})"


def format_count(number: int, noun: str) -> str:
    """Return a number with its noun in the singular or plural.

    Examples
    --------
    >>> format_count(1, "cell"), format_count(2000, "cell")
    ('1 cell', '2,000 cells')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def format_duration(duration_s: float) -> str:
    """Format a duration for display.

    Parameters
    ----------
    duration_s : float
        Duration in seconds, not negative.

    Returns
    -------
    str
        The duration in milliseconds below a second, then in seconds, minutes or hours.

    Examples
    --------
    >>> format_duration(0.0123)
    '12 ms'
    >>> format_duration(75)
    '1 min 15 s'
    """
    if duration_s < 0.01:
        return f"{_round_half_up(duration_s * 1000, 1):.1f} ms"
    if duration_s < 0.9995:
        return f"{_round_half_up(duration_s * 1000, 0):.0f} ms"
    if duration_s < 59.95:
        return f"{_round_half_up(duration_s, 1):.1f} s"
    seconds = int(_round_half_up(duration_s, 0))
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def parse_bytes(text: str) -> GivenBytes:
    """Parse a size such as ``"512MB"`` or ``"1.5 GiB"``.

    Parameters
    ----------
    text : str
        A number and a unit. ``kB``, ``MB``, ``GB`` are powers of 1000; ``KiB``,
        ``MiB``, ``GiB`` and the bare letters powers of 1024.

    Returns
    -------
    GivenBytes
        The size in bytes, which is shown as it was written.

    Raises
    ------
    MemkitError
        If the text is not a size, or has no unit and is not 0.

    Examples
    --------
    >>> int(parse_bytes("1.5 GiB"))
    1610612736
    """
    match = _QUANTITY.fullmatch(text)
    if match and not match[2] and float(match[1]):
        meant = "MB" if float(match[1]) < _SURELY_BYTES else "B"
        message = f"{text!r} has no unit; did you mean {match[1]}{meant}?"
        raise MemkitError(message)
    unit = (match[2] or "B") if match else ""
    factor = _FACTORS.get(unit.lower())
    if match is None or factor is None:
        message = (
            f"{text!r} is not a size; write a number and a unit, "
            "such as 512MB or 1.5GiB"
        )
        raise MemkitError(message)
    return GivenBytes(int(float(match[1]) * factor), f"{match[1]} {_spell(unit)}")


def read_bytes(name: str, size: SupportsIndex | str) -> int:
    """Return a size that is given as a number of bytes or as text.

    Parameters
    ----------
    name : str
        The argument, for the error.
    size : int or str
        Bytes, as any type of integer, or text such as ``"2GB"``.

    Raises
    ------
    MemkitError
        If it is not a size above 0.

    Examples
    --------
    >>> read_bytes("memory", 4096), int(read_bytes("memory", "2GB"))
    (4096, 2000000000)
    """
    n_bytes = parse_bytes(size) if isinstance(size, str) else _read_integer(size)
    if n_bytes < 1:
        message = (
            f"{name} cannot be {size!r}; write a size above 0, such as '2GB', or a "
            "whole number of bytes"
        )
        raise MemkitError(message)
    return n_bytes


def _read_integer(number: SupportsIndex) -> int:
    """Return an integer of any type as Python's own; 0 for anything else."""
    if isinstance(number, bool):
        return 0
    try:
        # As it is, because it can have the text as which it was written.
        return number if isinstance(number, int) else operator.index(number)
    except TypeError:
        return 0


def _spell(unit: str) -> str:
    """Return a unit of bytes in its usual spelling."""
    unit = unit.lower()
    if unit == "b":
        return "B"
    if len(unit) == 2:
        return "kB" if unit == "kb" else unit.upper()
    return f"{unit[0].upper()}iB"


def parse_duration(text: str) -> float:
    """Parse a duration such as ``"90s"``, ``"10 min"`` or ``"1.5h"``.

    Parameters
    ----------
    text : str
        A number and a unit: ``s``, ``min`` or ``m``, ``h``, ``d``.

    Returns
    -------
    float
        The duration in seconds.

    Raises
    ------
    MemkitError
        If the text is not a duration, or has no unit and is not 0.

    Examples
    --------
    >>> parse_duration("1.5h")
    5400.0
    """
    match = _QUANTITY.fullmatch(text)
    if match and not match[2] and float(match[1]):
        message = f"{text!r} has no unit; did you mean {match[1]}s?"
        raise MemkitError(message)
    factor = _SECONDS.get((match[2] or "s").lower()) if match else None
    if match is None or factor is None:
        message = (
            f"{text!r} is not a duration; write a number and a unit, "
            "such as 90s, 10min or 1h"
        )
        raise MemkitError(message)
    return float(match[1]) * factor


def is_unit(text: str) -> bool:
    """Return whether a text is a unit of a size or of a duration.

    Examples
    --------
    >>> is_unit("MB"), is_unit("min"), is_unit("orders")
    (True, True, False)
    """
    return text.lower() in _FACTORS or text.lower() in _SECONDS
