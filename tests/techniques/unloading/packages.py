"""Small packages to unload."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest

from jupyter_memkit.errors import UnloadError
from jupyter_memkit.techniques.unloading import unload

FILES = {
    "fruit/__init__.py": "from fruit import apple\n",
    "fruit/apple.py": "class Apple: pass\ndef peel(): return Apple()\nkind = 'sweet'\n",
    "fruit/pear/__init__.py": "",
    "fruit/pear/core.py": "import fruit.apple\n",
    "cook/__init__.py": "import fruit.apple as apple\nfrom fruit.apple import peel\n",
    "market/stall.py": "",
    "oven/__init__.py": "",
    "oven/slow.py": (
        "from tests.techniques.unloading import baking\n"
        "baking.started.set()\nbaking.go_on.wait()\n"
    ),
}

Namespace = dict[str, Any]


def load(*names: str) -> Namespace:
    """Import modules and return a namespace like that of ``import a.b, c``."""
    for name in names:
        importlib.import_module(name)
    return {
        name.partition(".")[0]: sys.modules[name.partition(".")[0]] for name in names
    }


def assert_refused(namespace: Namespace, *names: str, match: str) -> None:
    """Assert a refusal with this message, and that nothing is changed."""
    before = dict(namespace), set(sys.modules)
    with pytest.raises(UnloadError, match=match) as caught:
        unload(*names, namespace=namespace)
    assert "\n" not in str(caught.value)
    assert (namespace, set(sys.modules)) == before
