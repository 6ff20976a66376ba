"""Hundreds of constructions: a size equals the growth of the process, or is marked."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys

import pytest

from tests.measure.sizes import truth
from tests.measure.sizes.table import running
from tests.untraced import untraced_environment

# All of them take a quarter of an hour: MEMKIT_TABLE=all, and MEMKIT_TABLE_MIB=20.
IS_WHOLE = os.environ.get("MEMKIT_TABLE") == "all"
LIBRARIES = running.LIBRARIES if IS_WHOLE else ("python",)
COUNT = 24
SEED = 7

PROGRAM = """
import json, sys
from tests.measure.sizes.table import running
library, cases = json.load(sys.stdin)
print(json.dumps(list(running.run(library, cases))))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody knows the growth")
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.timeout(3600)
def test_table(library: str) -> None:
    """Every size without a mark is within two percent and the noise of the heap."""
    cases = running.read_cases(library)
    if not IS_WHOLE:
        cases = random.Random(SEED).sample(cases, COUNT)
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        check=True,
        capture_output=True,
        env=untraced_environment() | truth.ENVIRONMENT,
        input=json.dumps([library, cases]),
        text=True,
    )
    found = json.loads(result.stdout)
    assert len(found) == len(cases)
    assert [each for each in found if "failed" in each] == []
    assert [each for each in found if not running.is_right(each)] == []
