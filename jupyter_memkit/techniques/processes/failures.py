"""Sends exceptions to another process, with their tracebacks.

An exception is pickled without its traceback, so the position of each frame is sent
separately. The receiver compiles code that raises at these positions. So the user sees
the lines of their own code, in a notebook or a script, and a debugger finds the frames,
but not the variables in them.
"""

from __future__ import annotations

import ast
import pickle
import traceback
from dataclasses import dataclass
from functools import partial
from types import (
    FrameType,
    MethodDescriptorType,
    TracebackType,
    WrapperDescriptorType,
)
from typing import Any

import cloudpickle

from jupyter_memkit.techniques.error_groups import make_group, read_parts

_OUR_MODULES = "jupyter_memkit."
# The user's code calls the functions that raise Ctrl-C or refuse input.
_OUR_RAISING = (
    "jupyter_memkit.techniques.processes.",
    "jupyter_memkit.interrupts",
)
_MOST_FRAMES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FramePlace:
    """The place of a frame in a traceback; columns are None if they are unknown."""

    filename: str
    function: str
    line: int
    end_line: int | None
    column: int | None
    end_column: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An exception in a form that can be sent.

    Attributes
    ----------
    content : bytes
        The exception, pickled.
    places : list of FramePlace
        Its traceback, the innermost frame last.
    cause, context : Failure or None
        Its ``__cause__`` and ``__context__``.
    hides_context : bool
        Its ``__suppress_context__``.
    parts : tuple of Failure
        The exceptions in it, if it is a group.
    """

    content: bytes
    places: list[FramePlace]
    cause: Failure | None
    context: Failure | None
    hides_context: bool
    parts: tuple[Failure, ...] = ()


def dump_failure(error: BaseException) -> Failure:
    """Return an exception in a form that can be sent.

    Examples
    --------
    >>> error = load_failure(dump_failure(KeyError("b")))
    >>> error
    KeyError('b')
    """
    return _dump(error, set())


def _dump(error: BaseException, seen: set[int]) -> Failure:
    # An exception can be its own context, directly or through others.
    seen = seen | {id(error)}

    def follow(other: BaseException | None) -> Failure | None:
        return None if other is None or id(other) in seen else _dump(other, seen)

    return Failure(
        content=_dump_alone(error),
        places=_find_places(error.__traceback__),
        cause=follow(error.__cause__),
        context=follow(error.__context__),
        hides_context=error.__suppress_context__,
        parts=tuple(_dump(each, seen) for each in read_parts(error)),
    )


def load_failure(failure: Failure) -> BaseException:
    """Return an exception from what `dump_failure` returned in another process."""
    try:
        parts = [load_failure(each) for each in failure.parts]
        error = _load_alone(failure.content, parts)
    except Exception as problem:  # noqa: BLE001 - its class may be missing here
        error = RuntimeError(f"an exception that cannot be loaded here ({problem})")
    if failure.cause is not None:
        error.__cause__ = load_failure(failure.cause)
    if failure.context is not None:
        error.__context__ = load_failure(failure.context)
    error.__suppress_context__ = failure.hides_context
    return error.with_traceback(_make_traceback(failure.places))


def _dump_alone(error: BaseException) -> bytes:
    """Return an exception as bytes; if it cannot be pickled, one with its message.

    A group is sent without its exceptions.
    """
    for sendable in _list_forms(error):
        try:
            content: bytes = cloudpickle.dumps(sendable, protocol=5)
            _load_alone(content, list(read_parts(error)))
        except Exception:  # noqa: BLE001, S112 - a user's class may do anything
            continue
        return content
    said = RuntimeError(f"{type(error).__name__}: {error}")
    return pickle.dumps(said, protocol=5)


def _load_alone(content: bytes, parts: list[BaseException]) -> BaseException:
    """Return an exception from its bytes, and from the parts of a group."""
    loaded = pickle.loads(content)  # noqa: S301 - our own child
    if isinstance(loaded, partial):
        loaded = loaded(parts) if parts else loaded()
    error: BaseException = loaded
    return error


def _list_forms(error: BaseException) -> list[Any]:
    """Return the forms in which an exception may be sent, the most faithful first."""
    kind: Any = type(error)
    if read_parts(error):
        message = getattr(error, "message", "")
        return [partial(make_group, kind, message, dict(vars(error)))]
    ways = {type(kind.__reduce__), type(kind.__reduce_ex__)}
    if ways != {MethodDescriptorType}:
        # It says how.
        return [error]
    _, args, *state = kind.__reduce__(error)
    # Pickle would call the class with what it has passed to its base, such as the text.
    return [partial(_make_error, kind, args, *state), error]


def _make_error(
    kind: type[BaseException], args: tuple[Any, ...], state: Any = None
) -> BaseException:
    """Create an exception as pickle would, without the ``__init__`` of its class."""
    error = kind.__new__(kind, *args)
    written_in_c = next(
        vars(each)["__init__"]
        for each in kind.__mro__
        if type(vars(each).get("__init__")) is WrapperDescriptorType
    )
    written_in_c(error, *args)
    if state is not None:
        error.__setstate__(state)
    return error


def _find_places(trace: TracebackType | None) -> list[FramePlace]:
    """Return the places of the frames, without those around the user's code."""
    while trace is not None and _is_ours(trace.tb_frame, _OUR_MODULES):
        trace = trace.tb_next
    summary = traceback.extract_tb(trace, limit=-_MOST_FRAMES)
    frames = [frame for frame, _ in traceback.walk_tb(trace)]
    while summary and frames and _is_ours(frames.pop(), _OUR_RAISING):
        summary.pop()
    return [
        FramePlace(
            filename=frame.filename,
            function=frame.name,
            line=frame.lineno or 1,
            end_line=getattr(frame, "end_lineno", None),
            column=getattr(frame, "colno", None),
            end_column=getattr(frame, "end_colno", None),
        )
        for frame in summary
    ]


def _is_ours(frame: FrameType, modules: str | tuple[str, ...]) -> bool:
    return str(frame.f_globals.get("__name__")).startswith(modules)


def _make_traceback(places: list[FramePlace]) -> TracebackType | None:
    trace: TracebackType | None = None
    for place in reversed(places):
        frame, last_instruction = _make_frame(place)
        trace = TracebackType(trace, frame, last_instruction, place.line)
    return trace


def _make_frame(place: FramePlace) -> tuple[FrameType, int]:
    """Return a frame that raised at a place, and its last instruction."""
    where = {
        "lineno": place.line,
        "end_lineno": place.end_line or place.line,
        "col_offset": place.column or 0,
        "end_col_offset": place.end_column or place.column or 0,
    }
    raising = ast.Raise(ast.Name("_MemkitPlace", ast.Load(), **where), None, **where)
    code = compile(ast.Module([raising], []), place.filename, "exec")
    code = code.replace(co_name=place.function)
    # The frame stands for the user's code, so it is displayed as such.
    names = {"_MemkitPlace": _Place, "__file__": place.filename, "__name__": "__main__"}
    try:
        exec(code, names)  # noqa: S102
    except _Place as raised:
        trace = raised.__traceback__
        assert trace is not None
        assert trace.tb_next is not None
        return trace.tb_next.tb_frame, trace.tb_next.tb_lasti
    raise AssertionError(place)


class _Place(Exception):  # noqa: N818 - nobody sees it
    """Raised by the code of a place."""
