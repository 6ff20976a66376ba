"""An authorizer of Jupyter Server, which decides who may do what."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import User


class ByQuery(Authorizer):
    """Forbids the requests that end with ``?forbidden``."""

    def is_authorized(
        self, handler: Any, _user: User, _action: str, _resource: str
    ) -> bool:
        """Return whether a request is allowed."""
        return bool(handler.request.query != "forbidden")
