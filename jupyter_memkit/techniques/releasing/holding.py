"""Names what holds a deleted value, in the user's terms and with a remedy."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from functools import _lru_cache_wrapper
from typing import Any

from jupyter_memkit.measure.hidden import is_output_name
from jupyter_memkit.measure.holder_rest import Removal
from jupyter_memkit.measure.holder_search import Origin, Way
from jupyter_memkit.measure.models.held import is_tensor_type, is_view
from jupyter_memkit.measure.sizes.loaded import derives_from
from jupyter_memkit.techniques.releasing.hooks import find_hook
from jupyter_memkit.techniques.releasing.records import Held
from jupyter_memkit.techniques.releasing.registered import (
    count_steps,
    find_registered_role,
    find_widget,
    place_of,
    write_release,
)
from jupyter_memkit.techniques.releasing.slices import find_copy, find_slice

_SHOWN = 5

# What the objects of libraries are to their users, by module and class.
_ROLES = {
    ("torch.optim.optimizer", "Optimizer"): "optimizer",
    ("torch.optim.lr_scheduler", "LRScheduler"): "scheduler",
    ("torch.utils.data.dataloader", "DataLoader"): "data loader",
    ("transformers.trainer", "Trainer"): "trainer",
    ("lightning.pytorch.trainer.trainer", "Trainer"): "trainer",
    ("pytorch_lightning.trainer.trainer", "Trainer"): "trainer",
    ("transformers.pipelines.base", "Pipeline"): "pipeline",
    ("sklearn.pipeline", "Pipeline"): "pipeline",
}

# The options of `free` that release what IPython and matplotlib hold.
_OPTIONS: dict[Origin, str] = {
    "cache": "--caches",
    "display": "--outputs",
    "figure": "--figures",
    "output": "--outputs",
    "script": "--scripts",
}

# The caches in which jax keeps traced and compiled functions, with the arrays that they
# use, and the statement that empties all of them.
_JAX_CACHE = ("jaxlib.weakref_lru_cache", "WeakrefLRUCache")
_CLEAR_JAX = "import jax; jax.clear_caches()"

# The statements that release the graphs of tensors, by the type that contains them.
_DETACHING: dict[type | None, str] = {
    list: "{0}[:] = [each.detach() for each in {0}]",
    dict: "{0}.update({{key: each.detach() for key, each in {0}.items()}})",
}

# IPython's dicts of outputs in the user's namespace.
_OUTPUTS = ("Out", "_oh")


def explain(
    ways: Iterable[Way],
    namespace: Mapping[str, Any],
    *,
    is_value: bool,
    n_bytes: int,
    is_complete: bool,
    suspects: tuple[str, ...] = (),
    torchscript: bool = False,
) -> Held:
    """Return what holds a value, in the user's terms.

    Parameters
    ----------
    ways : iterable of Way
        The paths to it and to its blocks of memory, the shortest first.
    namespace : mapping of str to object
        The user's variables.
    is_value : bool
        Whether the value itself is alive.
    n_bytes : int
        The blocks that are alive.
    is_complete : bool
        Whether everything was searched.
    suspects : tuple of str
        Variables that may hold it if no path leads there.
    torchscript : bool
        Whether what torch has compiled may hold it then.
    """
    # One path for each holder: an optimizer refers to every parameter.
    by_holder: dict[tuple[str, str, str | None], Way] = {}
    for way in ways:
        key = way.name, _find_role(way), _find_line(way, namespace)
        by_holder.setdefault(key, way)
    texts = [_write(way, role) for (_, role, _), way in by_holder.items()]
    # A context and its copies have the same variables.
    shown = list(dict.fromkeys(texts))
    if len(shown) > _SHOWN:
        shown[_SHOWN:] = [f"{len(shown) - _SHOWN} more"]
    return Held(
        is_value=is_value,
        bytes=n_bytes,
        holders=tuple(shown),
        remedies=_find_remedies(by_holder.values(), namespace),
        complete=is_complete,
        suspects=suspects,
        torchscript=torchscript,
    )


def find_removal(ways: Iterable[Way], namespace: Mapping[str, Any]) -> Removal | None:
    """Return what the remedies for some paths remove; None if there is no remedy."""
    names: set[str] = set()
    origins: set[Origin] = set()
    holders: list[Any] = []
    for way in ways:
        # A variable that is replaced by a copy holds nothing either.
        is_replaced = find_slice(way) == 1 and find_copy(way) is not None
        line = None if is_replaced else _find_line(way, namespace)
        if line is not None:
            holders += way.steps[-2:-1]
        elif _is_variable(way):
            names.add(way.name)
        elif way.root.origin == "variable":
            origins.add("output")
        elif way.root.origin in _OPTIONS:
            origins.add(way.root.origin)
        else:
            return None
    if not (names or origins or holders):
        return None
    return Removal(frozenset(names), frozenset(origins), tuple(holders))


def join_ways(
    ways: Iterable[Way], rest: Iterable[Way], namespace: Mapping[str, Any]
) -> list[Way]:
    """Return all paths, without those that a remedy need not mention.

    What a module holds stays, whatever variables that refer to it are deleted; and with
    a variable, IPython's copies of its value are deleted.
    """
    every = [(way, _find_line(way, namespace)) for way in (*ways, *rest)]
    lasting: set[int] = set()
    deleted: set[int] = set()
    for way, line in every:
        if line is None and _is_variable(way):
            deleted.add(id(way.steps[1]))
        elif line is None and way.root.origin == "module":
            lasting.add(id(way.steps[-2:][0]))
    return [
        way
        for way, _ in every
        if (way.root.origin == "module" or id(way.steps[-2:][0]) not in lasting)
        and (way.root.origin not in _OPTIONS or id(way.root.value) not in deleted)
    ]


def _write(way: Way, role: str) -> str:
    """Return a path up to what the user knows: an optimizer, a hook, a graph."""
    if _is_in_jax_cache(way):
        # Its place in jax says nothing to the user.
        return f"jax ({role})"
    end = find_hook(way)
    if end is None and role in _ROLES.values():
        end = next(n for n, step in enumerate(way.steps) if _name_role(step) == role)
    if end is None:
        end = _find_step(way, _lru_cache_wrapper)
    if end is None:
        end = find_widget(way)
    if end is None:
        end = find_slice(way)
    n_steps = count_steps(way) if end is None else end + 1
    text = way.write(n_steps)
    text = text.removesuffix(".untyped_storage()")
    if role == "graph":
        start, graph, _ = text.partition(".grad_fn")
        text = start + graph
    return f"{text} ({role})" if role else text


def _is_in_jax_cache(way: Way) -> bool:
    """Return whether a path leads through a cache of jax."""
    return any(derives_from(type(step), *_JAX_CACHE) for step in way.steps[:-1])


def _find_step(way: Way, kind: type) -> int | None:
    """Return the number of the first step of a type; None if there is none."""
    numbers = (n for n, step in enumerate(way.steps[:-1]) if type(step) is kind)
    return next(numbers, None)


def _find_role(way: Way) -> str:
    """Return what holds the value, in one word; empty if the path says it."""
    if find_hook(way) is not None:
        return "hook"
    if _is_in_jax_cache(way):
        return "cache of compiled functions"
    holders = way.steps[:-1]
    role = next(filter(None, map(_name_role, holders)), None)
    if role is not None:
        return role
    role = find_registered_role(way)
    if role or way.root.origin == "registered":
        return role
    if _find_step(way, _lru_cache_wrapper) is not None:
        return "cache of a function"
    return _find_role_of_variable(way)


def _find_role_of_variable(way: Way) -> str:
    """Describe a function, a slice or a tensor that holds the value."""
    # The object that the name stands for.
    first = way.steps[1 if way.root.is_namespace else 0 : -1][:1]
    if any(type(holder) is types.FunctionType for holder in first):
        return "function"
    if find_copy(way) is not None:
        return "slice"
    return "graph" if _is_graph(way.steps) else ""


def _name_role(value: Any) -> str | None:
    """Describe an object of a library in its users' terms; None if it is not known."""
    for (module, name), role in _ROLES.items():
        if derives_from(type(value), module, name):
            return role
    return None


def _is_graph(steps: list[Any]) -> bool:
    """Return whether a path goes from a tensor to a leaf of its graph."""
    tensors = [step for step in steps if is_tensor_type(type(step))]
    return len(tensors) > 1 and not tensors[0].is_leaf


def _find_remedies(
    ways: Iterable[Way], namespace: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return the lines that delete the holders; empty if one of them stays."""
    lines: dict[str, None] = {}
    names: dict[str, None] = {}
    for way in ways:
        line = _find_line(way, namespace)
        name = way.name if _is_variable(way) else _find_option(way)
        if line is not None:
            lines[line] = None
        elif name is not None:
            names[name] = None
        else:
            return ()
    if not lines and not names:
        return ()
    # Options after names, and the memory of what the lines dropped is returned last.
    ordered = sorted(names, key=lambda name: name.startswith("--"))
    # From the last place in a list on, because the others move up.
    backwards = sorted(lines, key=place_of, reverse=True)
    return (*backwards, " ".join(["%memfree", *ordered]))


def _find_line(way: Way, namespace: Mapping[str, Any]) -> str | None:
    """Return the statement that releases a value but keeps the rest of its holder."""
    release = write_release(way, namespace)
    if release is not None:
        return release
    hook = find_hook(way)
    if hook is not None:
        return _to_line(way.write(hook + 1), "del {}")
    if _is_in_jax_cache(way):
        return _CLEAR_JAX
    cache = _find_step(way, _lru_cache_wrapper)
    if cache is not None:
        return _to_line(way.write(cache + 1), "{}.cache_clear()")
    return _find_copying_line(way)


def _find_copying_line(way: Way) -> str | None:
    """Return the statement that replaces a slice or a tensor that holds a value."""
    copy, number = find_copy(way), find_slice(way)
    if copy is not None and number is not None:
        return _to_line(way.write(number + 1), copy)
    first = _find_tensor(way)
    if first is None or not _is_variable(way) or not _is_graph(way.steps[first:]):
        return None
    if first > 1:
        # In place, because other variables can hold the same container.
        line = _DETACHING.get(_read_tensors_kind(way.steps[first - 1]))
        return line and _to_line(way.write(first), line)
    if is_view(way.steps[1]):
        return f"{way.name} = {way.name}.detach()"
    # In place, because other variables can hold the same tensor.
    return f"{way.name} = {way.name}.detach_()"


def _find_tensor(way: Way) -> int | None:
    """Return the number of the first step that is a tensor; None without one."""
    numbers = (n for n, step in enumerate(way.steps) if is_tensor_type(type(step)))
    return next(filter(None, numbers), None)


def _read_tensors_kind(container: Any) -> type | None:
    """Return the type of a list or a dict that has only tensors; None for others."""
    kind = type(container)
    if kind not in (dict, list):
        return None
    values = list(container.values() if kind is dict else container)
    return kind if all(is_tensor_type(type(each)) for each in values) else None


def _to_line(text: str, line: str) -> str | None:
    """Return a statement about a path; None if the path is not an expression."""
    return line.format(text) if "→" not in text and "<" not in text else None


def _is_variable(way: Way) -> bool:
    """Return whether a path starts at a variable of the user's."""
    return way.root.origin == "variable" and not _is_output(way.name)


def _find_option(way: Way) -> str | None:
    """Return the option that deletes what a path starts at; None if there is none."""
    if way.root.origin == "variable":
        return "--outputs" if _is_output(way.name) else None
    return _OPTIONS.get(way.root.origin)


def _is_output(name: str) -> bool:
    return name in _OUTPUTS or is_output_name(name)
