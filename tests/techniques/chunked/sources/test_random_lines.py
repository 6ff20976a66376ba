"""Random files of JSON lines in chunks equal what pandas reads from the whole.

More files take longer: ``MEMKIT_RANDOM_TABLES=10000``, starting with the seed
``MEMKIT_RANDOM_SEED``.
"""

from __future__ import annotations

import io
import random
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources import lines, samples
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from jupyter_memkit.techniques.chunked.sources.json_lines import sample
from tests.techniques.chunked.sources.random_lines import make_lines
from tests.techniques.chunked.sources.random_tables import COUNT, FIRST


def read_whole(content: bytes) -> Any:
    """Return what pandas reads from the whole file, or its exception."""
    try:
        return pd.read_json(io.BytesIO(content), lines=True, dtype=False)
    except Exception as error:  # noqa: BLE001 - whatever it refuses by
        return error


def read_chunks(path: Path, options: dict[str, Any]) -> Any:
    """Return the chunks joined, following each remedy; or the error."""
    try:
        return pd.concat(list(chunked(path, backend="pandas", **options)))
    except TypeChange as change:
        types = {**options.get("types", {}), **change.types}
        return read_chunks(path, {**options, "types": types})
    except MemkitError as error:
        if "read" not in options and "--read sample=all" in str(error):
            return read_chunks(path, {**options, "read": {"sample": "all"}})
        return error


def check_lines(folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> str:
    """Compare the file of a seed with pandas, and return the outcome."""
    content = make_lines(seed)
    rng = random.Random(-seed - 1)
    head = rng.choice((1, 30, 200, 1 << 20))
    monkeypatch.setattr(lines, "HEAD_BYTES", head)
    monkeypatch.setattr(samples, "_SAMPLE_BYTES", rng.choice((10, 40, 200)))
    monkeypatch.setattr(samples, "_SAMPLES", rng.choice((1, 3, 8)))
    monkeypatch.setattr(sample, "_SCAN_BYTES", rng.choice((1, 50, 1 << 20)))
    path = folder / f"a{seed}.jsonl"
    path.write_bytes(content)
    whole = read_whole(content)
    got = read_chunks(path, {"rows": rng.choice((1, 2, 3, 7, 30, None))})
    path.unlink()
    where = f"seed {seed}: {content[:300]!r}"
    if not isinstance(got, MemkitError):
        assert not isinstance(whole, Exception), f"{where}: {whole}"
        try:
            # The keys of a scan are in the order of its parts.
            whole = whole[list(got.columns)]
            empty = {name: float for name in whole if whole[name].isna().all()}
            pd.testing.assert_frame_equal(got, whole.astype(empty))
            assert set(got.columns) == set(whole.columns)
        except AssertionError as error:
            raise AssertionError(where) from error
        return "equal"
    is_object = not any(why in str(got) for why in ("not an object", "63 bits"))
    is_refused = isinstance(whole, Exception) or not len(whole.columns)
    assert is_refused or not is_object, f"{where}: {got}"
    return "refused by both"


def test_random_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Joined chunks equal the whole, or there is one clear error; mostly the former."""
    warnings.simplefilter("ignore")
    came = [
        check_lines(tmp_path, monkeypatch, seed) for seed in range(FIRST, FIRST + COUNT)
    ]
    assert came.count("equal") > COUNT / 2
