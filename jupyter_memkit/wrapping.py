"""Runs each call of a function, of any kind, inside a context manager."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any, TypeVar, cast

from jupyter_memkit.errors import MemkitError

_Function = TypeVar("_Function", bound=Callable[..., Any])


def wrap_calls(
    function: _Function, enter: Callable[[], AbstractContextManager[object]], name: str
) -> _Function:
    """Return a function each call of which runs inside a context manager.

    Parameters
    ----------
    function : callable
        A function, a coroutine function or a generator function. The last two stay
        inside from start to end, including while they are suspended.
    enter : callable
        Returns the context manager for a call.
    name : str
        Its public name, for a message.

    Returns
    -------
    callable
        The wrapped function.

    Raises
    ------
    MemkitError
        If it is an asynchronous generator function, whose end cannot be observed
        reliably.

    Examples
    --------
    >>> from contextlib import nullcontext
    >>> wrap_calls(max, nullcontext, "nullcontext")(1, 2)
    2
    """
    if inspect.isasyncgenfunction(function):
        message = (
            f"{function.__name__} is an asynchronous generator; "
            f"write `with {name}():` inside it"
        )
        raise MemkitError(message)

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def run_coroutine(*args: Any, **kwargs: Any) -> Any:
            with enter():
                return await function(*args, **kwargs)

        return cast("_Function", run_coroutine)

    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def run_generator(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            with enter():
                return (yield from function(*args, **kwargs))

        return cast("_Function", run_generator)

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        with enter():
            return function(*args, **kwargs)

    return cast("_Function", run)
