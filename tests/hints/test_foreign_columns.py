"""A frame whose columns are of the user's own type hides no hint for others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from IPython.core.interactiveshell import InteractiveShell
from pandas.api.extensions import ExtensionArray, ExtensionDtype

from jupyter_memkit.hints import find_hints


class Broken(ExtensionDtype):
    """A type that cannot be printed."""

    type = object
    name = "broken"

    def __str__(self) -> str:
        """Fail."""
        raise AttributeError

    @classmethod
    def construct_array_type(cls) -> Any:
        """Return the type of its arrays."""
        return Column


class Column(ExtensionArray):
    """A column of that type."""

    dtype = Broken()
    nbytes = 8
    ndim = 1

    def __len__(self) -> int:
        """Return its length."""
        return 3

    def copy(self) -> Any:
        """Return itself."""
        return self


def test_other_variables(shell: InteractiveShell) -> None:
    """An error from the user's code ends the search in that variable only."""
    shell.user_ns["broken"] = pd.DataFrame({"a": Column()}, copy=False)
    shell.user_ns["numbers"] = np.arange(1_000_000)
    found = find_hints(shell).hints
    assert "%shrink numbers" in [each.cure for each in found]
