"""Generates the list of the public Python names, each with a page of its own."""

from __future__ import annotations

import inspect
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

import jupyter_memkit
from extensions.pages import write_page

_TITLES = ("Functions", "Classes", "Exceptions")


def public_names() -> dict[str, list[str]]:
    """Return the public names by kind."""
    found: dict[str, list[str]] = {title: [] for title in _TITLES}
    for name in jupyter_memkit.__all__:
        value = getattr(jupyter_memkit, name)
        if isinstance(value, type) and issubclass(value, BaseException):
            found["Exceptions"].append(name)
        # A class with a lowercase name is used like a function: with memkit.mem().
        elif inspect.isclass(value) and name[0].isupper():
            found["Classes"].append(name)
        elif callable(value):
            found["Functions"].append(name)
    return found


def list_page() -> str:
    """Return the page as Markdown."""
    lines = [
        "# Python",
        "",
        "All public names, for `import jupyter_memkit as memkit`; those of other",
        "modules may change without notice. Sizes are whole bytes, times are seconds.",
        "",
    ]
    for title, names in public_names().items():
        lines += [f"## {title}", "", "```{eval-rst}"]
        lines += [".. currentmodule:: jupyter_memkit", ""]
        lines += [".. autosummary::", "   :toctree: .", "   :nosignatures:", ""]
        lines += [f"   {name}" for name in names] + ["```", ""]
    return "\n".join(lines)


def generate(app: Sphinx, _config: Config) -> None:
    """Write the page, from which autosummary generates those of the names."""
    write_page(Path(app.srcdir) / "reference" / "python" / "index.md", list_page())


def setup(app: Sphinx) -> dict[str, bool]:
    """Generate the page before Sphinx looks for pages, which autosummary reads then."""
    app.connect("config-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
