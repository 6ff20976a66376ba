"""Loads jupyter_memkit in every kernel of this environment.

Set the environment variable JUPYTER_MEMKIT_AUTOLOAD=0 to disable this. Plain
``ipython`` in a terminal does not load it.
"""


def _autoload() -> None:
    import os

    shell = get_ipython()  # type: ignore[name-defined] # given by IPython
    if hasattr(shell, "kernel") and os.environ.get("JUPYTER_MEMKIT_AUTOLOAD") != "0":
        try:
            shell.extension_manager.load_extension("jupyter_memkit")
        except Exception:
            # A broken installation must never prevent a kernel from starting.
            import logging

            logging.getLogger("jupyter_memkit").exception("jupyter_memkit not loaded")


_autoload()
del _autoload
