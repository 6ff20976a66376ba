"""Copies the notebooks of the course to the files of the server's user."""

from __future__ import annotations

import json
from typing import Any

from jupyter_core.utils import ensure_async

from jupyter_memkit import protocol
from jupyter_memkit.course import FOLDER, find_notebooks


async def save_notebooks(contents: Any) -> protocol.Tour:
    """Save the notebooks that the folder does not have yet; no file is replaced.

    Parameters
    ----------
    contents : ContentsManager
        The server's files, which need not be on a disk.

    Returns
    -------
    protocol.Tour
        The reply, with the path of the first notebook.

    Raises
    ------
    MemkitError
        If the installation has no notebooks.
    tornado.web.HTTPError
        If they cannot be saved.
    """
    notebooks = find_notebooks()
    if not await ensure_async(contents.dir_exists(FOLDER)):
        await ensure_async(contents.save({"type": "directory"}, FOLDER))
    for notebook in notebooks:
        path = f"{FOLDER}/{notebook.name}"
        if not await ensure_async(contents.file_exists(path)):
            content = json.loads(notebook.read_text(encoding="utf-8"))
            model = {"type": "notebook", "format": "json", "content": content}
            await ensure_async(contents.save(model, path))
    return {
        "type": "tour",
        "protocol": protocol.PROTOCOL_VERSION,
        "path": f"{FOLDER}/{notebooks[0].name}",
    }
