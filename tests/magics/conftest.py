"""Fixtures of the tests of magics."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.guarded_kernel import GuardedKernel
from tests.magics.guarding import start


@pytest.fixture(scope="module")
def unarmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedKernel]:
    """A kernel for the tests of a module, in which the guard is not armed."""
    with start(tmp_path_factory.mktemp("home"), is_traced=True) as kernel:
        yield kernel
