"""Follows an error to its causes, contexts and parts, without running their code."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_memkit.techniques.error_groups import read_parts

# A subclass can override the plain attributes.
read_cause = vars(BaseException)["__cause__"].__get__
read_traceback = vars(BaseException)["__traceback__"].__get__
read_arguments = vars(BaseException)["args"].__get__
_read_context = vars(BaseException)["__context__"].__get__
_hides_context = vars(BaseException)["__suppress_context__"].__get__


def walk_chain(error: BaseException, *, hidden: bool) -> Iterator[BaseException]:
    """Yield an error, and those that led to it, each once.

    Parameters
    ----------
    error : BaseException
        The error.
    hidden : bool
        Whether to include contexts that ``raise ... from`` hides from the traceback.

    Examples
    --------
    >>> error = ValueError()
    >>> error.__cause__ = KeyError()
    >>> [type(each).__name__ for each in walk_chain(error, hidden=False)]
    ['ValueError', 'KeyError']
    """
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += read_parts(each)
        context = _read_context(each)
        if context is not None and (hidden or not _hides_context(each)):
            waiting.append(context)
        cause = read_cause(each)
        if cause is not None:
            waiting.append(cause)


def read_texts(error: BaseException) -> list[str]:
    """Return the texts among an error's arguments, without its ``__str__``."""
    return [each for each in read_arguments(error) if type(each) is str]
