"""What a page asks of a real kernel."""

from __future__ import annotations

import json
from typing import Any

from tests.golden import golden
from tests.real_kernel import RealKernel
from tests.waiting import LIMIT_S, wait_until

ACTION = (
    '__import__("jupyter_memkit.channel.acting", fromlist=["act"]).act({request!r})'
)


class Page:
    """What a page does with the variables of a kernel."""

    def __init__(self, kernel: RealKernel) -> None:
        self.kernel = kernel

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Ask until the kernel has time, which a busy machine delays."""
        answers: list[dict[str, Any]] = []

        def is_answered() -> bool:
            answers.append(self.kernel.request(request))
            return bool(answers[-1]["type"] != "later")

        wait_until(is_answered)
        return answers[-1]

    def list(self) -> dict[str, Any]:
        """Ask for the variables."""
        answer = self.ask(golden("ask_variables"))
        assert answer["type"] == "variables"
        return answer

    def find(self, name: str) -> dict[str, Any]:
        """Return the row of a variable."""
        rows: list[dict[str, Any]] = self.list()["variables"]
        (row,) = (row for row in rows if row["name"] == name)
        return row

    def act(self, action: str, name: str, token: str) -> dict[str, Any]:
        """Do something to a variable, as the page does."""
        request = golden("act") | {"action": action, "name": name, "token": token}
        return self.evaluate(json.dumps(request))

    def evaluate(self, request: str) -> dict[str, Any]:
        """Send the text of a request on the shell channel."""
        reply = self.kernel.client.execute_interactive(
            "",
            silent=True,
            user_expressions={"memkit": ACTION.format(request=request)},
            timeout=LIMIT_S,
        )
        answer: dict[str, Any] = reply["content"]["user_expressions"]["memkit"]
        assert answer["status"] == "ok", answer
        shown: dict[str, Any] = answer["data"]["application/json"]
        return shown
