"""Where the memory of torch models goes: a split by purpose, and kept graphs.

`finding` searches the variables for modules, optimizers and tensors, `modules` reads
the tensors of a module, `graphs` what a graph keeps for its backward pass, `tensors`
the memory behind a tensor, `held` what a tensor keeps alive. `split` collects this,
`adding_up` adds it up, each storage once, `kept` compares what variables keep of
graphs, and `device_caches` adds what torch's allocators hold. None of it runs the
user's code: what a class can override is read through torch's own descriptors.

torch is never imported here: if the user has not, there are no models.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_memkit.measure.deadlines import deadline_after, has_passed
from jupyter_memkit.measure.hidden import find_shell
from jupyter_memkit.measure.models.records import (
    DeviceCache,
    LayerSize,
    ModelSize,
    ModelSizes,
    Split,
)
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.measure.sizes.measuring import read_main

__all__ = [
    "DeviceCache",
    "LayerSize",
    "ModelSize",
    "ModelSizes",
    "Split",
    "has_torch",
    "model_sizes",
]


def has_torch() -> bool:
    """Return whether torch is loaded completely."""
    spec = find_loaded("torch", "__spec__")
    # Another thread may be in the middle of the import.
    return spec is not None and not getattr(spec, "_initializing", False)


def model_sizes(
    namespace: Mapping[str, Any] | None = None,
    *,
    layers: bool = False,
    budget_s: float | None = None,
    program: Iterable[Any] = (),
) -> ModelSizes:
    """Return what the torch models of a namespace take, by purpose.

    Every module, optimizer and tensor that a variable refers to counts, also in lists,
    dicts and attributes, and so does what the graphs of tensors keep for a backward
    pass. A storage that several share counts once.

    Parameters
    ----------
    namespace : mapping of str to object, optional
        The variables; by default those of ``__main__`` without a leading underscore.
    layers : bool
        Whether to list the layers of each model.
    budget_s : float, optional
        The most seconds to spend; no limit by default.
    program : iterable
        Objects that count for no variable, such as the shell.

    Returns
    -------
    ModelSizes
        The models, the largest first; empty unless torch has been imported. Those with
        `part_of` are parts of others.

    Examples
    --------
    >>> model_sizes({"numbers": [1, 2]}).models
    ()

    With torch::

        net = torch.nn.Linear(1000, 1000)
        memkit.model_sizes().models[0].total.parameters_bytes
    """
    if not has_torch():
        return ModelSizes()
    # Imports torch, which is loaded.
    from jupyter_memkit.measure.models.split import (  # noqa: PLC0415
        OutOfTimeError,
        Splitter,
    )

    variables = read_main() if namespace is None else dict(namespace)
    shell = find_shell()
    if shell is not None:
        # What IPython keeps is reachable from its functions, such as `exit`.
        program = [*program, shell]
        if namespace is None:
            variables = {
                name: value
                for name, value in variables.items()
                if name not in shell.user_ns_hidden
            }
    end_s = deadline_after(budget_s)

    def check() -> None:
        if has_passed(end_s):
            raise OutOfTimeError

    return Splitter(check).measure(variables, program, layers=layers)
