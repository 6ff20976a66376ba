"""Checks requests, which come from any client of the kernel.

The refusal repeats nothing of the request, so it is short. Unknown keys are ignored.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, get_args

from jupyter_memkit import __version__, protocol

# An id is a UUID or similar.
_MOST_ID_LETTERS = 128
_MOST_VERSION = 1_000_000
# Seconds since the epoch, some thousand years ahead.
_MOST_SECONDS = 1e11
# A longer name is listed, but the page offers no action for it.
MOST_NAME_LETTERS = 200
ACTIONS: tuple[protocol.VariableAction, ...] = get_args(protocol.VariableAction)


def find_fault(
    request: Any, kinds: Collection[str]
) -> protocol.Incompatible | protocol.Refused | None:
    """Return the reply to a request that cannot be answered; None if it can.

    Parameters
    ----------
    request : object
        The decoded content of the message.
    kinds : collection of str
        The known types of requests.
    """
    try:
        if read_version(request) != protocol.PROTOCOL_VERSION:
            return {
                "type": "incompatible",
                "protocol": protocol.PROTOCOL_VERSION,
                "version": __version__,
            }
        check_request(request, kinds)
    except ValueError as error:
        return {
            "type": "refused",
            "protocol": protocol.PROTOCOL_VERSION,
            "message": str(error),
        }
    return None


def read_version(request: Any) -> int:
    """Return the protocol version of a request.

    Parameters
    ----------
    request : object
        The decoded content of the message.

    Raises
    ------
    ValueError
        With one sentence that says what is expected.

    Examples
    --------
    >>> read_version({"type": "state", "protocol": 1})
    1
    >>> read_version(["state"])
    Traceback (most recent call last):
    ValueError: a request must be an object
    """
    if type(request) is not dict:
        message = "a request must be an object"
        raise ValueError(message)
    version = request.get("protocol")
    if type(version) is not int or not 0 <= version <= _MOST_VERSION:
        message = "protocol must be the number of a version"
        raise ValueError(message)
    return version


def check_request(request: dict[str, Any], kinds: Collection[str]) -> None:
    """Refuse a malformed request of our version.

    Parameters
    ----------
    request : dict
        The request.
    kinds : collection of str
        The known types of requests.

    Raises
    ------
    ValueError
        As above.
    """
    kind = request.get("type")
    if type(kind) is not str or kind not in kinds:
        message = f"type must be one of: {', '.join(kinds)}"
        raise ValueError(message)
    if kind in ("state", "libraries"):
        return
    if kind in ("variables", "hints"):
        if type(request.get("is_patient")) is not bool:
            message = "is_patient must be true or false"
            raise ValueError(message)
        return
    if kind in ("holders", "act"):
        _check_variable(request)
        return
    if kind == "unload":
        _check_name(request, "a library")
        return
    client = request.get("client_id")
    if type(client) is not str or not 0 < len(client) <= _MOST_ID_LETTERS:
        message = f"client_id must be a string of 1 to {_MOST_ID_LETTERS} characters"
        raise ValueError(message)
    # The comparison is false for NaN.
    since_s = request.get("since_s")
    is_number = type(since_s) in (int, float) and 0 <= since_s <= _MOST_SECONDS  # type: ignore[operator] # a number
    if kind == "subscribe" and not is_number:
        message = "since_s must be a number of seconds since the epoch, 0 for all"
        raise ValueError(message)


def _check_variable(request: dict[str, Any]) -> None:
    """Refuse a request that is not about one variable."""
    _check_name(request, "a variable")
    token = request.get("token")
    if type(token) is not str or len(token) > _MOST_ID_LETTERS:
        message = "token must be the one that was listed with the variable"
        raise ValueError(message)
    if request["type"] == "act" and request.get("action") not in ACTIONS:
        message = f"action must be one of: {', '.join(ACTIONS)}"
        raise ValueError(message)


def _check_name(request: dict[str, Any], of: str) -> None:
    """Refuse a value that is not a name."""
    name = request.get("name")
    is_name = type(name) is str and len(name) <= MOST_NAME_LETTERS
    if not is_name or not name.isidentifier():  # type: ignore[union-attr] # a string
        message = f"name must be the name of {of}, not an expression"
        raise ValueError(message)
