"""The modules to remove, and the objects that belong to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.machinery import EXTENSION_SUFFIXES
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from jupyter_memkit.measure.sizes.registry import name_module

CODE = (type, FunctionType, BuiltinFunctionType, MethodType)

# Not the plain attribute, which a metaclass can override.
_read_mro = type.__dict__["__mro__"].__get__


def is_within(name: object, root: str) -> bool:
    """Return whether a module's name is a root, or below it."""
    return isinstance(name, str) and (name == root or name.startswith(f"{root}."))


def read_attributes(module: object) -> dict[str, Any]:
    """Return the namespace of a module without loading a lazy one."""
    try:
        attributes = object.__getattribute__(module, "__dict__")
    except AttributeError:
        return {}
    return attributes if isinstance(attributes, dict) else {}


def is_compiled(module: object) -> bool:
    """Return whether a module is a shared library, which the system loads once."""
    path = read_attributes(module).get("__file__")
    return isinstance(path, str) and path.endswith(tuple(EXTENSION_SUFFIXES))


def is_a(value: object, kinds: type | tuple[type, ...]) -> bool:
    """Return whether a value has a type, without running its code.

    `isinstance` uses the ``__class__`` of a proxy, which is the proxy's code.
    """
    return issubclass(type(value), kinds)


def find_home(value: Any) -> str:
    """Return the name of the module to which a value belongs; empty if none.

    A module belongs to itself, a function or a class to the module that defines it, and
    any other object to the module of its class.
    """
    if is_a(value, partial):
        return find_home(value.func)
    if is_a(value, MethodType):
        return find_home(value.__func__)
    if is_a(value, ModuleType):
        home = read_attributes(value).get("__name__")
    elif is_a(value, (FunctionType, BuiltinFunctionType)):
        home = value.__module__
    else:
        home = name_module(value if is_a(value, type) else type(value))
    return home if isinstance(home, str) else ""


@dataclass(frozen=True, slots=True)
class Removal:
    """The modules to remove together.

    Attributes
    ----------
    roots : tuple of str
        The names of the top modules.
    modules : mapping of str to object
        The modules by name, in the order in which they were imported.
    """

    roots: tuple[str, ...]
    modules: Mapping[str, object]

    def has(self, name: object) -> bool:
        """Return whether a module with this name is removed."""
        return any(is_within(name, root) for root in self.roots)

    def owns(self, value: Any) -> bool:
        """Return whether a module, function, class or object belongs to them."""
        return self.has(find_home(value)) or (
            not is_a(value, ModuleType) and self.owns_class(type(value))
        )

    def owns_class(self, kind: type) -> bool:
        """Return whether a class, or one of its bases, belongs to them."""
        return any(self.has(name_module(base)) for base in _read_mro(kind))


def find_code(namespace: Mapping[str, Any], modules: Collection[str]) -> dict[str, str]:
    """Return the names bound to functions and classes of the modules, by module."""
    homes = {
        name: find_home(value) for name, value in namespace.items() if is_a(value, CODE)
    }
    return {name: home for name, home in homes.items() if home in modules}


def name_all(values: Iterable[Any]) -> list[str]:
    """Return the dotted names of functions, classes, or classes of objects."""
    return sorted({_name(value) for value in values})


def _name(value: Any) -> str:
    if not is_a(value, CODE):
        value = type(value)
    return f"{find_home(value)}.{value.__qualname__}"
