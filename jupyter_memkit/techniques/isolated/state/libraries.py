"""The state that libraries keep per process: their random numbers and options."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from jupyter_memkit.techniques.isolated.state.row import Row, call_late

# These settings belong to each process: where figures are drawn, windows, folders.
_OF_THE_PROCESS = ("backend", "interactive", "savefig.directory", "toolbar", "webagg.")


def _library(name: str) -> Any:
    return sys.modules[name]


def _read_numpy_random() -> Any:
    kind, keys, *rest = _library("numpy.random").get_state()
    return kind, keys.tolist(), *rest


def _read_pandas() -> dict[str, Any]:
    options: dict[str, Any] = {}

    def walk(group: Any, prefix: str) -> None:
        for name in dir(group):
            value = getattr(group, name)
            if type(value) is type(group):
                walk(value, f"{prefix}{name}.")
            else:
                options[prefix + name] = value

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        walk(_library("pandas").options, "")
    return options


def _write_pandas(options: dict[str, Any]) -> None:
    pandas = _library("pandas")
    now = _read_pandas()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in options.items():
            if name in now and now[name] != value:
                pandas.set_option(name, value)


def _read_matplotlib() -> dict[str, Any]:
    # Reading an item of the mapping itself would choose a backend.
    return {
        name: value
        for name, value in dict.items(_library("matplotlib").rcParams)
        if not name.startswith(_OF_THE_PROCESS)
    }


def _write_matplotlib(options: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _library("matplotlib").rcParams.update(options)


def _read_torch() -> Any:
    torch = _library("torch")
    return (
        torch.get_rng_state().tolist(),
        str(torch.get_default_dtype()),
        torch.is_grad_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_num_threads(),
    )


def _write_torch(value: Any) -> None:
    torch = _library("torch")
    numbers, kind, is_grad, is_deterministic, n_threads = value
    torch.set_rng_state(torch.tensor(numbers, dtype=torch.uint8))
    torch.set_default_dtype(getattr(torch, kind.partition(".")[2]))
    torch.set_grad_enabled(is_grad)
    torch.use_deterministic_algorithms(is_deterministic)
    torch.set_num_threads(n_threads)


ROWS = (
    Row(
        "numpy's random numbers",
        _read_numpy_random,
        call_late("numpy.random", "set_state"),
        "numpy.random",
    ),
    Row(
        "numpy's error handling",
        call_late("numpy", "geterr"),
        lambda value: _library("numpy").seterr(**value),
        "numpy",
    ),
    Row(
        "numpy's print options",
        call_late("numpy", "get_printoptions"),
        lambda value: _library("numpy").set_printoptions(**value),
        "numpy",
    ),
    Row("pandas' options", _read_pandas, _write_pandas, "pandas"),
    Row(
        "polars' options",
        call_late("polars", "Config.save"),
        call_late("polars", "Config.load"),
        "polars",
    ),
    Row("matplotlib's rcParams", _read_matplotlib, _write_matplotlib, "matplotlib"),
    Row("torch's settings and random numbers", _read_torch, _write_torch, "torch"),
)
