"""Files whose columns have other types than those of other files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked import chunked
from tests.techniques.chunked.bodies import make_body


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_numbers_and_text(tmp_path: Path, order: str) -> None:
    """The error says which rows have which type, whichever file comes first."""
    columns: dict[str, Any] = {"a": range(400), "b": [f"x{n}" for n in range(400)]}
    for place, kind in enumerate(order):
        frame = pd.DataFrame({"n": range(400), "value": columns[kind]})
        frame.to_parquet(tmp_path / f"{place}.parquet")
    with pytest.raises(MemkitError) as raised:
        chunked(tmp_path, rows=200, backend="pandas").map(
            make_body("df.value.isna().sum()")
        ).reduce("sum")
    kinds = {"a": "int64", "b": "str"}
    before, after = (kinds[kind] for kind in order)
    assert str(raised.value).startswith(
        f"value of {tmp_path} is {after} from row 400 on, but {before} in earlier "
        "rows, and unless values change no type holds both; leave it out with "
        "--columns, or read the files of each type separately"
    )
    assert len(pd.concat(list(chunked(tmp_path, rows=200, columns=["n"])))) == 800
    parts = [chunked(tmp_path / f"{place}.parquet", rows=200) for place in range(2)]
    assert [len(pd.concat(list(part))) for part in parts] == [400, 400]


def test_type_that_values_do_not_have(tmp_path: Path) -> None:
    """A type that the user asks for and the values do not become is named as such."""
    pd.DataFrame({"value": range(400)}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(
        MemkitError, match=r"^value of a.parquet is int64 from row 0 on"
    ):
        list(chunked(tmp_path / "a.parquet", rows=200, types={"value": "str"}))
