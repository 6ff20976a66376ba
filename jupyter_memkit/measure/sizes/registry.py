"""Maps types to the functions that size them.

A library's sizers are in the file of its name in ``libraries/``, which is imported when
the first object of that library is met. The library itself is never imported.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.sizes.loaded import read_namespace
from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.raw_reads import read_module, read_mro, read_qualname

Sizer = Callable[[Any], Parts]
_Registered = TypeVar("_Registered", bound=Callable[[Any], Any])

_LIBRARIES = f"{__package__}.libraries"

# By the address of the type, and for libraries by its dotted name.
_by_type: dict[int, tuple[type, Callable[[Any], Any]]] = {}
_by_name: dict[str, Callable[[Any], Any]] = {}
# Types whose objects belong to their library, by their dotted names.
_of_program: set[str] = set()
# The most bytes that types hide, by their addresses and by prefixes of their names.
_hidden_by_type: dict[int, tuple[type, int]] = {}
_hidden_by_name = {
    # The functions of a pybind11 module refer to objects of this type.
    "pybind11_builtins.pybind11_detail_function_record": 0,
}


def name_module(kind: type) -> str:
    """Return the module that a type claims to be from; empty if it claims none."""
    try:
        module = read_module(kind)
    except AttributeError:
        return ""
    return module if type(module) is str else ""


def name_library(kind: type) -> str:
    """Return the import name of the library that a type claims to be from."""
    return name_module(kind).partition(".")[0]


def name_type(kind: type) -> str:
    """Return the dotted name of a type, without ``builtins``."""
    module, name = name_module(kind), str.__str__(read_qualname(kind))
    return name if module in ("", "builtins") else f"{module}.{name}"


def sizer(kind: Any, *more: str) -> Callable[[_Registered], _Registered]:
    """Register a function that returns the size of the objects of a type.

    It applies to the type and its subclasses, and replaces an earlier registration.

    Parameters
    ----------
    kind : type or str
        The type, or its dotted name (``"numpy.ndarray"``), which works without an
        import.
    *more : str
        Names of the type in other versions of the library.

    Returns
    -------
    callable
        A decorator. The function takes an object and returns its own bytes as a number,
        or `Parts` if the object holds buffers or other objects that Python does not
        see. The object's attributes are measured in any case.

    Raises
    ------
    MemkitError
        When `kind` is neither a type nor a name.

    Examples
    --------
    >>> import jupyter_memkit as memkit
    >>> class Model: ...
    >>> @memkit.sizer(Model)
    ... def size_model(model):
    ...     return 1_000_000
    >>> memkit.sizeof([Model()]).bytes > 1_000_000
    True
    """
    if not isinstance(kind, (type, str)):
        message = (
            f"{kind!r} is not a type; write @sizer(MyType) or @sizer('package.Type')"
        )
        raise MemkitError(message)

    def register(function: _Registered) -> _Registered:
        for each in (kind, *more):
            if isinstance(each, type):
                _by_type[id(each)] = (each, function)
            else:
                _by_name[each] = function
        return function

    return register


def find_sizer(kind: type) -> Callable[[Any], Any] | None:
    """Return the sizer of a type or of its nearest base, if any."""
    for base in read_mro(kind):
        if id(base) in _by_type:
            return _by_type[id(base)][1]
        _load_library(name_library(base))
        function = _by_name.get(name_type(base))
        if function is not None:
            return function
    return None


def _load_library(name: str) -> None:
    """Import our file for a loaded library, if there is one."""
    # A class can claim to be from a library that is not loaded, and an entry of
    # ``sys.modules`` need not be a module.
    if read_namespace(sys.modules.get(name)) is not None:
        _import_file(name)


@functools.cache
def _import_file(name: str) -> None:
    if name.isidentifier() and importlib.util.find_spec(f"{_LIBRARIES}.{name}"):
        # A module can have the name of a library and be something else.
        with contextlib.suppress(ImportError, AttributeError):
            importlib.import_module(f"{_LIBRARIES}.{name}")


def transparent(*kinds: type | str, at_most: int = 0) -> None:
    """Declare how much memory the objects of types written in C can hide.

    Parameters
    ----------
    *kinds : type or str
        The types, or prefixes of their dotted names.
    at_most : int
        The most bytes of one object that Python does not see.
    """
    for each in kinds:
        if isinstance(each, type):
            _hidden_by_type[id(each)] = (each, at_most)
        else:
            _hidden_by_name[each] = at_most


def part_of_program(name: str) -> None:
    """Declare that the objects of a type, by its dotted name, are never data.

    A library has one for all of its own objects, which refer to it, and to what it
    has loaded.
    """
    _of_program.add(name)


def is_part_of_program(kind: type) -> bool:
    """Return whether the objects of a type belong to their library."""
    name = name_type(kind)
    _load_library(name.partition(".")[0])
    return name in _of_program


def find_hidden_bytes(kind: type) -> int | None:
    """Return the most bytes that an object of a type hides; None if unknown."""
    name = name_type(kind)
    _load_library(name.partition(".")[0])
    if id(kind) in _hidden_by_type:
        return _hidden_by_type[id(kind)][1]
    known = (each for each in _hidden_by_name if name.startswith(each))
    longest = max(known, key=len, default=None)
    return None if longest is None else _hidden_by_name[longest]


def is_scalar(kind: type) -> bool:
    """Return whether a type is a numpy scalar whose value is stored inside the object.

    The ``__sizeof__`` of these counts the value a second time.
    """
    bases = [name_type(base) for base in read_mro(kind)]
    others = ("numpy.str_", "numpy.void")
    return "numpy.generic" in bases and not any(each in bases for each in others)
