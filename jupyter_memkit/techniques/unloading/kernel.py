"""The libraries that an IPython kernel and this package need."""

from __future__ import annotations

# A fixed list, because reading the requirements of the installed packages takes longer
# than unloading, and they include matplotlib.
_KERNEL = frozenset(
    {
        "appnope",
        "asttokens",
        "backcall",
        "colorama",
        "comm",
        "dateutil",
        "debugpy",
        "decorator",
        "exceptiongroup",
        "executing",
        "ipykernel",
        "IPython",
        "ipython_genutils",
        "ipython_pygments_lexers",
        "ipywidgets",
        "jedi",
        "jupyter",
        "jupyter_memkit",
        "matplotlib_inline",
        "nest_asyncio",
        "nest_asyncio2",
        "notebook",
        "packaging",
        "parso",
        "pexpect",
        "pickleshare",
        "platformdirs",
        "prompt_toolkit",
        "psutil",
        "ptyprocess",
        "pure_eval",
        "pydevd",
        "pygments",
        "pynvml",
        "six",
        "stack_data",
        "tornado",
        "traitlets",
        "typing_extensions",
        "wcwidth",
        "xeus_python",
        "zmq",
    }
)


def is_kernel(top: str) -> bool:
    """Return whether the kernel or this package needs a library."""
    return top in _KERNEL or top.startswith(("jupyter_", "pydev", "_pydev"))
