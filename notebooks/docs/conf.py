"""Configures the documentation site, which `make docs` builds."""

from __future__ import annotations

import sys
from importlib.metadata import version as find_version
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "jupyter_memkit"
author = "The jupyter_memkit developers"
version = release = find_version("jupyter_memkit")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    # The parts of the site that are generated.
    "extensions.gallery",
    "extensions.llms",
    "extensions.magics",
    "extensions.protocol",
    "extensions.python_api",
]
exclude_patterns = ["_build", "static", "templates"]
templates_path = ["templates"]

# Each page and notebook runs in a kernel of its own, once until it changes, and a cell
# that fails stops the build, unless its tag expects the failure.
nb_execution_mode = "cache"
nb_execution_cache_path = str(Path(__file__).parent / "_build" / "executions")
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
# The cards of the sidebar have text beside them.
suppress_warnings = ["mystnb.unknown_mime_type"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
# It would make a dash of the two hyphens of an option.
smartquotes = False

if find_spec("torch") is None:
    exclude_patterns.append("gallery/08_deep_learning.ipynb")
else:
    tags.add("torch")  # type: ignore[name-defined]

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_use_ivar = True

html_theme = "pydata_sphinx_theme"
html_title = "jupyter_memkit"
html_static_path = ["static"]
html_css_files = ["outputs.css"]
html_sourcelink_suffix = ""
# Those without pages below them, whose sidebar would be empty.
html_sidebars: dict[str, list[str]] = {
    page: [] for page in ("start", "measuring", "benchmarks", "environments", "changes")
}
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
}
