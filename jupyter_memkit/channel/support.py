"""Checks whether a kernel can be connected with the sidebar."""

from __future__ import annotations

import sys

_LEAST = (6, 29)


def explain_unsupported() -> str | None:
    """Return why the sidebar cannot be connected with this kernel; None if it can.

    The magics need no kernel, so the package does not require ipykernel, and an older
    one may be installed.
    """
    ipykernel = sys.modules.get("ipykernel")
    version: tuple[int, ...] = getattr(ipykernel, "version_info", _LEAST)[:2]
    if version >= _LEAST:
        return None
    found, least = (".".join(map(str, each)) for each in (version, _LEAST))
    return (
        f"the memory sidebar needs ipykernel {least} or later, and this kernel has "
        f"{found}; run %pip install --upgrade ipykernel and restart the kernel "
        "(the magics work without it)"
    )
