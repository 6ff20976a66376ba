"""Checks and answers requests, which come from any client of the kernel.

The refusal repeats nothing of the request, so it is short. Unknown keys are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from jupyter_memkit import __version__, protocol

_Answer = TypeVar("_Answer")

# An id is a UUID or similar.
_MOST_ID_LETTERS = 128
_MOST_VERSION = 1_000_000
# Seconds since the epoch, some thousand years ahead.
_MOST_SECONDS = 1e11


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
    if kind == "state":
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


def answer(
    request: Any, answers: Mapping[str, Callable[[Any], _Answer]]
) -> _Answer | protocol.Incompatible | protocol.Refused:
    """Return the reply to a request, which may be malformed.

    Parameters
    ----------
    request : object
        The decoded content of the message.
    answers : mapping of str to callable
        A function for each known type of request.
    """
    try:
        if read_version(request) != protocol.PROTOCOL_VERSION:
            return {
                "type": "incompatible",
                "protocol": protocol.PROTOCOL_VERSION,
                "version": __version__,
            }
        check_request(request, answers)
    except ValueError as error:
        return {
            "type": "refused",
            "protocol": protocol.PROTOCOL_VERSION,
            "message": str(error),
        }
    return answers[request["type"]](request)
