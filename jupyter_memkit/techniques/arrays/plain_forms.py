"""Distinguishes the subclasses of arrays by what their plain array would lose."""

from __future__ import annotations

from jupyter_memkit.measure.sizes.loaded import derives_from, find_loaded


def has_only_values(kind: type) -> bool:
    """Return whether a subclass only adds methods, so that its plain array is equal.

    Parameters
    ----------
    kind : type
        A subclass of ``numpy.ndarray``; one of the user's may add anything.

    Examples
    --------
    >>> import numpy as np
    >>> has_only_values(np.matrix), has_only_values(np.ma.MaskedArray)
    (True, False)
    """
    return any(kind is find_loaded("numpy", name) for name in ("matrix", "recarray"))


def is_masked(kind: type) -> bool:
    """Return whether a subclass has a mask besides its values.

    Examples
    --------
    >>> import numpy as np
    >>> is_masked(np.ma.MaskedArray), is_masked(np.matrix)
    (True, False)
    """
    return derives_from(kind, "numpy.ma", "MaskedArray")
