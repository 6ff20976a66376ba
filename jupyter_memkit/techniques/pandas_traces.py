"""Takes away what pandas leaves in pyarrow, so that it can be imported again.

pyarrow converts through one C object that keeps the classes of pandas from its first
use on, and knows pandas' extension types by name, each of which can be registered
only once. A second pandas would not be recognised.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

from jupyter_memkit.techniques.module_holders import read_attributes

_EXTENSION_TYPES = ("pandas.period", "pandas.interval")


def can_clear() -> bool:
    """Tell whether `clear` will do; pyarrow has no public way to forget pandas."""
    pyarrow = read_attributes(sys.modules.get("pyarrow.lib"))
    return not pyarrow or (
        "__init__" in vars(type(pyarrow.get("_pandas_api")))
        and "unregister_extension_type" in pyarrow
    )


def clear() -> None:
    """Make pyarrow look for pandas again at its next use."""
    pyarrow: Any = sys.modules.get("pyarrow.lib")
    if pyarrow is None:
        return
    for name in _EXTENSION_TYPES:
        # Most programs have registered none of them.
        with suppress(KeyError):
            pyarrow.unregister_extension_type(name)
    pyarrow._pandas_api.__init__()  # noqa: SLF001 - see can_clear
