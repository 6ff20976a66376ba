"""Explains why a name that the user wrote is not that of a variable."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jupyter_memkit.errors import suggest
from jupyter_memkit.measure.hidden import USED_BY_IPYTHON, is_ipythons_name

_LISTED = "%memls lists the variables"


def explain_unknown(name: str, known: Iterable[str], part_remedy: str) -> str:
    """Return why a name is not that of a variable, with the remedy.

    Parameters
    ----------
    name : str
        What the user wrote.
    known : iterable of str
        The names that exist. IPython's own are not suggested.
    part_remedy : str
        The remedy if it is a part of a variable, such as ``prices.values``; it may
        contain ``{name}`` and ``{variable}``.

    Examples
    --------
    >>> explain_unknown("pricse", ["prices"], "give {variable}")
    "there is no variable 'pricse'; did you mean prices?"
    >>> explain_unknown("prices.values", ["prices"], "give {variable}")
    "'prices.values' is a part of prices; give prices"
    >>> explain_unknown("prices,sizes", ["prices", "sizes"], "give {variable}")
    'names are separated by spaces: prices sizes'
    """
    users = {
        each
        for each in known
        # A namespace can have keys that are not names.
        if type(each) is str
        and not is_ipythons_name(each)
        and each not in USED_BY_IPYTHON
    }
    listed = [each for each in name.split(",") if each]
    if "," in name and listed and users.issuperset(listed):
        return f"names are separated by spaces: {' '.join(listed)}"
    variable = re.split(r"[.\[]", name, maxsplit=1)[0]
    if variable != name and variable in users and "(" not in name:
        remedy = part_remedy.format(name=name, variable=variable)
        return f"{name!r} is a part of {variable}; {remedy}"
    return f"there is no variable {name!r}; {suggest(name, users, _LISTED)}"
