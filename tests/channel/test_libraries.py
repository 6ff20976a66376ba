"""What a page asks about loaded libraries, and unloads, in a real kernel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.channel.page import Page
from tests.golden import golden
from tests.real_kernel import real_kernel

LIBRARY = """
TABLE = [str(number) * 10 for number in range(200_000)]
class Thing: pass
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page of a kernel that can import a library of one module."""
    folder = tmp_path_factory.mktemp("libraries")
    (folder / "pure_library.py").write_text(LIBRARY)
    with real_kernel(tmp_path_factory.mktemp("home")) as kernel:
        kernel.run(f"import json, sys\nsys.path.insert(0, {str(folder)!r})")
        yield Page(kernel)


def list_libraries(page: Page) -> dict[str, dict[str, Any]]:
    """Return the rows of the loaded libraries, by name."""
    answer = page.ask(golden("ask_libraries"))
    assert answer.keys() == golden("libraries").keys()
    assert answer["complete"]
    return {each["name"]: each for each in answer["libraries"]}


def unload(page: Page, name: object) -> dict[str, Any]:
    """Unload a library, as the page does."""
    return page.evaluate(json.dumps(golden("unload") | {"name": name}))


def read_modules(page: Page) -> set[str]:
    """Return the names of the kernel's modules."""
    return set(json.loads(page.kernel.run("print(json.dumps(list(sys.modules)))")))


def test_listed_and_unloaded(page: Page) -> None:
    """A library is listed with its bytes and users, and what it freed is reported."""
    page.kernel.run("import pure_library")
    row = list_libraries(page)["pure_library"]
    assert row.keys() == golden("libraries")["libraries"][0].keys()
    assert row["bytes"] > 10_000_000
    assert row["modules"] == 1
    assert row["names"] == ["pure_library"]
    assert row["reason"] is None
    done = unload(page, "pure_library")
    assert done.keys() == golden("unloaded").keys()
    assert done["freed_bytes"] > 5_000_000
    assert done["names"] == ["pure_library"]
    assert done["survivors"] == 0
    assert "pure_library" not in list_libraries(page)
    assert page.kernel.run("print('pure_library' in globals())") == "False\n"


def test_remedies_of_refusals_work(page: Page) -> None:
    """A library in use, or whose name means another module, goes after the remedy."""
    page.kernel.run("import pure_library\nthing = pure_library.Thing()")
    assert list_libraries(page)["pure_library"]["names"] == ["pure_library", "thing"]
    refused = unload(page, "pure_library")
    assert refused["type"] == "unavailable"
    assert refused["message"].endswith("delete them first: thing")
    page.kernel.run("del thing\nimport math as pure_library")
    refused = unload(page, "pure_library")
    assert refused["message"].endswith("delete the name first: del pure_library")
    page.kernel.run("del pure_library")
    assert unload(page, "pure_library")["type"] == "unloaded"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("os", "not one of the listed libraries"),
        ("ipykernel", "not one of the listed libraries"),
        ("traitlets", "not one of the listed libraries"),
        ("__main__", "not one of the listed libraries"),
        ("nowhere", "no module 'nowhere' is loaded"),
        ("pure_library.TABLE", "not an expression"),
        ("__import__('os').abort()", "not an expression"),
        ("a" * 201, "not an expression"),
        (["os"], "not an expression"),
        (None, "not an expression"),
    ],
    ids=str,
)
def test_names_that_were_not_listed(page: Page, name: object, message: str) -> None:
    """They are refused in one sentence, and nothing is unloaded or evaluated."""
    before = read_modules(page)
    answer = unload(page, name)
    assert answer["type"] in ("refused", "unavailable")
    assert message in answer["message"]
    # Asking imports on first use.
    assert read_modules(page) >= before
