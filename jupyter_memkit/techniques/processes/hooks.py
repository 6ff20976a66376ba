"""What a child does before and after each call, besides the call itself."""

from __future__ import annotations

from typing import Any


class Hooks:
    """Called around each call in a child; these do nothing.

    A subclass overrides what it needs. `ChildProcess` takes the name of a function that
    makes the hooks in the child.
    """

    def before_load(self, sent: Any) -> None:
        """Take what the caller has sent along, before the call itself is loaded."""

    def before_call(self) -> None:
        """Prepare for the call, which is loaded and runs next."""

    def after_call(self) -> Any:
        """Return what the caller gets besides the value or the error."""
