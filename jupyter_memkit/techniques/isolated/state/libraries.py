"""The state that libraries keep per process: their random numbers and options."""

from __future__ import annotations

import copy
import sys
import warnings
from typing import Any

from jupyter_memkit.techniques.isolated.state.row import Row, call_late

# These settings belong to each process: where figures are drawn, windows, folders.
_OF_THE_PROCESS = ("backend", "interactive", "savefig.directory", "toolbar", "webagg.")


def _library(name: str) -> Any:
    return sys.modules[name]


def _read_numpy_random() -> Any:
    """Return the state of the legacy generator, whichever it is, as plain data."""
    return _make_plain(_library("numpy.random").get_state(legacy=False))


def _write_numpy_random(state: dict[str, Any]) -> None:
    random = _library("numpy.random")
    if random.get_bit_generator().state["bit_generator"] != state["bit_generator"]:
        kind = getattr(random, state["bit_generator"])
        random.set_bit_generator(kind())
    random.set_state(state)


def _make_plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _make_plain(each) for name, each in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value


def _read_numpy_errors() -> tuple[Any, ...]:
    numpy = _library("numpy")
    call = numpy.geterrcall()
    return numpy.geterr(), call if getattr(
        call, "__module__", ""
    ) == "__main__" else None


def _write_numpy_errors(value: tuple[Any, ...]) -> None:
    numpy = _library("numpy")
    settings, call = value
    numpy.seterr(**settings)
    if call is not None:
        numpy.seterrcall(call)


def _write_xarray(options: dict[str, Any]) -> None:
    xarray = _library("xarray")
    now = xarray.get_options()
    changed = {
        name: value
        for name, value in options.items()
        if name in now and now[name] != value
    }
    if changed:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            xarray.set_options(**changed)


def _read_dask() -> dict[str, Any]:
    return copy.deepcopy(_library("dask.config").config)


def _write_dask(options: dict[str, Any]) -> None:
    config = _library("dask.config").config
    config.clear()
    config.update(options)


def _read_networkx() -> dict[str, Any]:
    config = dict(_library("networkx").config)
    # These belong to the installation.
    return copy.deepcopy(
        {
            name: value
            for name, value in config.items()
            if name not in ("backends", "backend_priority")
        }
    )


def _write_networkx(options: dict[str, Any]) -> None:
    config = _library("networkx").config
    for name, value in options.items():
        if name in config and config[name] != value:
            config[name] = value


def _read_arrow() -> tuple[int, int]:
    arrow = _library("pyarrow")
    return arrow.cpu_count(), arrow.io_thread_count()


def _write_arrow(value: tuple[int, int]) -> None:
    arrow = _library("pyarrow")
    if value != _read_arrow():
        arrow.set_cpu_count(value[0])
        arrow.set_io_thread_count(value[1])


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
        _write_numpy_random,
        "numpy.random",
    ),
    Row(
        "numpy's error handling",
        _read_numpy_errors,
        _write_numpy_errors,
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
    Row(
        "scikit-learn's options",
        call_late("sklearn", "get_config"),
        lambda value: _library("sklearn").set_config(**value),
        "sklearn",
    ),
    Row(
        "xarray's options",
        lambda: dict(_library("xarray").get_options()),
        _write_xarray,
        "xarray",
    ),
    Row("dask's options", _read_dask, _write_dask, "dask.config"),
    Row("networkx's options", _read_networkx, _write_networkx, "networkx"),
    Row("pyarrow's threads", _read_arrow, _write_arrow, "pyarrow"),
    Row("torch's settings and random numbers", _read_torch, _write_torch, "torch"),
)
