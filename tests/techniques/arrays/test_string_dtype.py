"""Arrays of numpy's strings of any length."""

from __future__ import annotations

import numpy as np
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.arrays.preview import preview
from jupyter_memkit.techniques.arrays.shrink import shrink
from jupyter_memkit.techniques.arrays.shrink_names import shrink_names
from jupyter_memkit.techniques.spilling.kinds import check_value

dtypes = pytest.importorskip("numpy.dtypes")
if not hasattr(dtypes, "StringDType"):
    pytest.skip("needs numpy 2", allow_module_level=True)


def make() -> np.ndarray:
    """Return strings of different lengths."""
    texts = ["a", "a longer text that lies elsewhere"] * 1000
    return np.array(texts, dtype=dtypes.StringDType())


def test_shrink() -> None:
    """They are kept, whether they are a view or not, and the reason is given."""
    texts = make()
    assert shrink(texts) is texts
    half = texts[::2]
    assert shrink(half) is half
    shrunk = shrink_names("texts", namespace={"texts": texts})
    (part,) = shrunk.variables[0].parts
    assert part.note == "unchanged: its strings take only the memory they need"
    assert part.before_bytes == part.after_bytes
    assert [each.after_dtype for each in preview(texts)] == ["StringDType()"]


def test_spill() -> None:
    """The remedy for spilling them is one that works."""
    texts = make()
    with pytest.raises(MemkitError) as raised:
        check_value(texts, "texts")
    remedy = "texts = np.array(texts.tolist())"
    assert remedy in str(raised.value)
    namespace = {"np": np, "texts": texts}
    exec(remedy, namespace)
    check_value(namespace["texts"], "texts")


def test_spill_objects() -> None:
    """The remedy for an array of objects is one that works."""
    numbers = np.array([1, 2] * 1000, dtype=object)
    with pytest.raises(MemkitError, match="%shrink numbers converts them"):
        check_value(numbers, "numbers")
    check_value(shrink(numbers), "numbers")
    fields = np.zeros(2, dtype=[("a", object), ("b", "f8")])
    with pytest.raises(MemkitError, match="a copy without these fields"):
        check_value(fields, "fields")
