"""Builds the messages about variables, their holders, and hints."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from jupyter_memkit import protocol
from jupyter_memkit.channel.identity import write_token
from jupyter_memkit.channel.offers import find_actions
from jupyter_memkit.channel.requests import MOST_NAME_LETTERS
from jupyter_memkit.measure.holders import Holders
from jupyter_memkit.measure.models.records import ModelSize, Split
from jupyter_memkit.track.variables import Variable, Variables, list_variables

if TYPE_CHECKING:
    from jupyter_memkit.hints import Hints

_MOST_VARIABLES = 200
_MOST_HINTS = 50
_MOST_TEXT_LETTERS = 500
_OTHER = "Python, libraries and scripts"


def read_variables(
    shell: Any, *, budget_s: float, most: int = _MOST_VARIABLES
) -> protocol.Variables:
    """List the variables of a shell, and build the reply with them.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    budget_s : float
        The time limit, in seconds.
    most : int
        The number of variables to include, the largest first.
    """
    started_s = time.perf_counter()
    listed = list_variables(shell, budget_s=budget_s)
    took_s = time.perf_counter() - started_s
    return variables_message(listed, shell.user_ns, took_s, most=most)


def variables_message(
    listed: Variables,
    values: Mapping[str, Any],
    took_s: float,
    *,
    most: int = _MOST_VARIABLES,
) -> protocol.Variables:
    """Build the reply with the variables.

    Parameters
    ----------
    listed : Variables
        All variables, the largest first.
    values : mapping of str to object
        Their values.
    took_s : float
        How long listing them took, in seconds.
    most : int
        The number of variables to include.
    """
    shown = [each for each in listed.variables if each.name in values]
    more = shown[most:]
    rest = listed.remainder
    parts = {} if rest is None else {**rest.parts, _OTHER: rest.other_bytes}
    return {
        "type": "variables",
        "protocol": protocol.PROTOCOL_VERSION,
        "variables": [
            _variable(each, values[each.name], listed.models.models)
            for each in shown[:most]
        ],
        "more": len(more),
        "more_bytes": sum(each.size.bytes for each in more),
        "total_bytes": listed.total_bytes,
        "rest_bytes": None if rest is None else rest.bytes,
        "rest": _parts(parts),
        "took_s": took_s,
    }


def holders_message(name: str, found: Holders) -> protocol.Holders:
    """Build the reply with what keeps the value of a variable in memory."""
    return {
        "type": "holders",
        "protocol": protocol.PROTOCOL_VERSION,
        "name": name,
        "chains": [
            {"text": truncate(chain.text), "holder": truncate(chain.holder)}
            for chain in found.chains
        ],
        "more": found.more,
        "complete": found.complete,
    }


def hints_message(found: Hints, took_s: float) -> protocol.Hints:
    """Build the reply with the hints, found in a time in seconds."""
    return {
        "type": "hints",
        "protocol": protocol.PROTOCOL_VERSION,
        "hints": [
            {
                "name": truncate(hint.name),
                "found": truncate(hint.found),
                "bytes": hint.bytes,
                "accuracy": hint.accuracy,
                "saved_s": hint.saved_s,
                "cure": hint.cure,
                "is_runnable": hint.is_runnable,
            }
            for hint in found.hints[:_MOST_HINTS]
        ],
        "complete": found.complete,
        "took_s": took_s,
    }


def truncate(text: str, most: int = _MOST_TEXT_LETTERS) -> str:
    """Return a text shortened to a number of characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _variable(
    each: Variable, value: Any, models: Sequence[ModelSize]
) -> protocol.ListedVariable:
    size = each.size
    can_act = each.name.isidentifier() and len(each.name) <= MOST_NAME_LETTERS
    return {
        "name": truncate(each.name, MOST_NAME_LETTERS),
        "token": write_token(value, each.made_in),
        "type": truncate(each.type),
        "shape": None if each.shape is None else list(each.shape),
        "bytes": size.bytes,
        "shared_bytes": size.shared_bytes,
        "accuracy": size.accuracy,
        "elsewhere": _parts(size.elsewhere),
        "made_in": each.made_in,
        "split": _split([model for model in models if model.variable == each.name]),
        "actions": find_actions(value, size) if can_act else [],
    }


def _split(models: Sequence[ModelSize]) -> list[protocol.MemoryPart]:
    """Return what the models in a variable take by purpose."""
    total = sum((model.total for model in models), Split())
    return _parts(
        {
            each.name.removesuffix("_bytes"): getattr(total, each.name)
            for each in fields(total)
        }
    )


def _parts(parts: Mapping[str, int]) -> list[protocol.MemoryPart]:
    return [{"name": name, "bytes": each} for name, each in parts.items() if each]
