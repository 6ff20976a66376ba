"""Displays results in the shell that ran the cell.

IPython's ``display()`` uses the first shell of the process, which may be another one.
"""

from __future__ import annotations

from typing import Any


def publish(shell: Any, result: object) -> None:
    """Display a result, in the forms that the shell's front ends can show."""
    data, metadata = shell.display_formatter.format(result)
    shell.display_pub.publish(data=data, metadata=metadata)
