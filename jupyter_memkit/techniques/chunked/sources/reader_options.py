"""Explains options of ``--read`` that the library does not accept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.measure.sizes.registry import name_library


@contextmanager
def explaining_options(name: str, options: Mapping[str, Any]) -> Iterator[None]:
    """Raise the errors of invalid options as one sentence.

    Parameters
    ----------
    name : str
        The name of the source.
    options : mapping
        The options that the user gave; if there are none, nothing is explained.

    Raises
    ------
    SourceError
        If the library does not accept an option.
    """
    try:
        yield
    except UnicodeDecodeError:
        raise  # Explained as an error of the file.
    except (LookupError, TypeError, ValueError) as error:
        library = name_library(type(error))
        if not options or library in {"jupyter_memkit", "pandas", "pyarrow"}:
            raise
        shown = " ".join(f"--read {key}={value}" for key, value in options.items())
        message = (
            f"{name} cannot be read with {shown} ({error}); change or leave out the "
            "option, and write a list as --read usecols=['a','b']"
        )
        raise SourceError(message) from error
