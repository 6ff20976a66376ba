"""What a child does before and after each call."""

from __future__ import annotations

from typing import Any


class Hooks:
    """Called around each call in a child; these hooks do nothing.

    A subclass overrides the ones it needs. `ChildProcess` takes the name of a function
    that creates the hooks in the child.
    """

    def before_load(self, sent: Any) -> None:
        """Receive the caller's data for the hooks, before the call itself is loaded."""

    def before_call(self) -> None:
        """Prepare for the call, which is loaded and runs next."""

    def after_call(self) -> Any:
        """Return data for the caller, in addition to the value or the error."""
