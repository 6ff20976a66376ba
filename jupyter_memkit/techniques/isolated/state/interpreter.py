"""The state that Python keeps per process: its settings and its standard library's."""

from __future__ import annotations

import builtins
import gc
import importlib
import random
import re
import sys
import threading
import types
import warnings
from typing import Any

from jupyter_memkit.techniques.isolated.state.row import Row, call_late

# Built-in names that a shell adds, or that a kernel and a child replace.
_OF_THE_SHELL = frozenset(
    {"__IPYTHON__", "_", "display", "execfile", "get_ipython", "input", "runfile"}
)
_DECIMAL = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")

_CSV = (
    *("delimiter", "doublequote", "escapechar", "lineterminator", "quotechar"),
    *("quoting", "skipinitialspace", "strict"),
)

# The built-in names that are neither functions nor classes.
_VALUES = frozenset(
    {
        *("Ellipsis", "False", "None", "NotImplemented", "True"),
        *("copyright", "credits", "exit", "help", "license", "quit"),
    }
)
# The built-in names with which this process started.
_STANDARD = dict(vars(builtins))

# The filters that were taken over from the other process.
_taken_filters: list[tuple[Any, ...]] = []


def _write_path(path: list[str]) -> None:
    sys.path[:] = path


def _write_arguments(arguments: list[str]) -> None:
    sys.argv[:] = arguments


def _read_switches() -> tuple[Any, ...]:
    digits = getattr(sys, "get_int_max_str_digits", lambda: None)()
    return sys.getrecursionlimit(), sys.getswitchinterval(), digits


def _write_switches(value: tuple[Any, ...]) -> None:
    depth, interval, digits = value
    sys.setrecursionlimit(depth)
    sys.setswitchinterval(interval)
    if digits is not None:
        sys.set_int_max_str_digits(digits)


def _read_collector() -> tuple[Any, ...]:
    return gc.isenabled(), gc.get_threshold(), gc.get_debug()


def _write_collector(value: tuple[Any, ...]) -> None:
    is_enabled, thresholds, debug = value
    (gc.enable if is_enabled else gc.disable)()
    gc.set_threshold(*thresholds)
    gc.set_debug(debug)


def _read_filters() -> list[tuple[Any, ...]]:
    """Return the warning filters, with classes by name, since some need an import."""
    filters: list[tuple[Any, ...]] = list(warnings.filters)
    return [
        (
            action,
            *_read_pattern(message),
            (category.__module__, category.__qualname__),
            *_read_pattern(module),
            line,
        )
        for action, message, category, module, line in filters
    ]


def _read_pattern(pattern: Any) -> tuple[Any, ...]:
    is_compiled = isinstance(pattern, re.Pattern)
    return (pattern.pattern, pattern.flags) if is_compiled else (pattern, None)


def _write_filters(filters: list[tuple[Any, ...]]) -> list[str]:
    """Set the warning filters, and return the modules of classes not yet loaded."""
    missing = []
    made: list[Any] = []
    is_late = _taken_filters == filters
    for action, message, message_flags, names, module, module_flags, line in filters:
        category: Any = sys.modules.get(names[0])
        for part in names[1].split("."):
            category = getattr(category, part, None)
        if category is None:
            missing.append(names[0])
            continue
        patterns = (
            text if flags is None else re.compile(text, flags)
            for text, flags in ((message, message_flags), (module, module_flags))
        )
        message_pattern, module_pattern = patterns
        made.append((action, message_pattern, category, module_pattern, line))
    if is_late:
        # By now the cell may have added its own.
        made = [
            *warnings.filters,
            *(each for each in made if each not in warnings.filters),
        ]
    _taken_filters[:] = filters
    warnings.resetwarnings()
    warnings.filters[:] = made  # type: ignore[index] # documented as a list
    return [name for name in missing if name not in sys.modules]


def _read_locale() -> str:
    locale = importlib.import_module("locale")
    text: str = locale.setlocale(locale.LC_ALL)
    return text


def _write_locale(text: str) -> None:
    locale = importlib.import_module("locale")
    if locale.setlocale(locale.LC_ALL) != text:
        locale.setlocale(locale.LC_ALL, text)


def _read_decimal() -> tuple[Any, ...]:
    """Return the decimal context without its flags, which are not settings."""
    context = sys.modules["decimal"].getcontext()
    settings = {name: getattr(context, name) for name in _DECIMAL}
    traps = [kind.__name__ for kind, is_set in context.traps.items() if is_set]
    return settings, sorted(traps)


def _write_decimal(value: tuple[Any, ...]) -> None:
    decimal = sys.modules["decimal"]
    settings, traps = value
    kinds = [getattr(decimal, name) for name in traps]
    decimal.setcontext(decimal.Context(**settings, traps=kinds))


def _read_names() -> dict[str, Any]:
    """Return the built-in names that were set by the user or a library."""
    return {
        name: value
        for name, value in vars(builtins).items()
        if name not in _OF_THE_SHELL and name[:2] != "__" and _is_set(name, value)
    }


def _is_set(name: str, value: Any) -> bool:
    if name in _VALUES:
        return False
    if isinstance(value, type):  # Some have two names.
        return value.__module__ != "builtins"
    is_standard = getattr(value, "__module__", "") in ("builtins", "_io", "io")
    return not is_standard or getattr(value, "__name__", "") != name


def _write_names(names: dict[str, Any]) -> None:
    for name in _read_names().keys() - names.keys():
        if name in _STANDARD:
            setattr(builtins, name, _STANDARD[name])
        else:
            delattr(builtins, name)
    vars(builtins).update(names)


def _read_hooks() -> dict[str, Any]:
    """Return the hooks that are functions of the notebook."""
    hooks: dict[str, Any] = {
        "excepthook": sys.excepthook,
        "unraisablehook": sys.unraisablehook,
        "breakpointhook": sys.breakpointhook,
        "threading": threading.excepthook,
    }
    return {
        name: hook
        for name, hook in hooks.items()
        if type(hook) is types.FunctionType and hook.__module__ == "__main__"
    }


def _write_hooks(hooks: dict[str, Any]) -> None:
    for name, hook in hooks.items():
        if name == "threading":
            threading.excepthook = hook
        else:
            setattr(sys, name, hook)


def _write_temporary(folder: str | None) -> None:
    vars(sys.modules["tempfile"])["tempdir"] = folder


def _write_csv(value: tuple[int, dict[str, dict[str, Any]]]) -> None:
    csv = sys.modules["csv"]
    limit, dialects = value
    csv.field_size_limit(limit)
    for name, options in dialects.items():
        csv.register_dialect(name, **options)


def _read_csv() -> tuple[int, dict[str, dict[str, Any]]]:
    csv = sys.modules["csv"]
    return csv.field_size_limit(), {
        name: {each: getattr(csv.get_dialect(name), each) for each in _CSV}
        for name in csv.list_dialects()
    }


def _read_random() -> Any:
    return random.getstate()


ROWS = (
    Row("sys.path", lambda: list(sys.path), _write_path),
    Row("sys.argv", lambda: list(sys.argv), _write_arguments),
    Row("Python's limits", _read_switches, _write_switches),
    Row("the garbage collector", _read_collector, _write_collector),
    Row("warning filters", _read_filters, _write_filters),
    Row("random numbers", _read_random, random.setstate),
    Row("the locale", _read_locale, _write_locale, "locale"),
    Row("the decimal context", _read_decimal, _write_decimal, "decimal"),
    Row(
        "the temporary folder",
        lambda: sys.modules["tempfile"].tempdir,
        _write_temporary,
        "tempfile",
    ),
    Row("csv's settings", _read_csv, _write_csv, "csv"),
    Row("built-in names", _read_names, _write_names),
    Row("hooks of sys", _read_hooks, _write_hooks),
    Row(
        "the socket timeout",
        call_late("socket", "getdefaulttimeout"),
        call_late("socket", "setdefaulttimeout"),
        "socket",
    ),
    Row(
        "the start method of multiprocessing",
        lambda: sys.modules["multiprocessing"].get_start_method(allow_none=True),
        lambda value: (
            value and sys.modules["multiprocessing"].set_start_method(value, force=True)
        ),
        "multiprocessing",
    ),
)
