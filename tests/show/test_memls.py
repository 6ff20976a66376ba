"""The reports of variables, holders and snapshots."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jupyter_memkit.measure.holders import Chain, Holders
from jupyter_memkit.measure.sizes import Size
from jupyter_memkit.show import holders, memls, memsnap
from jupyter_memkit.show.table import Table
from jupyter_memkit.track.remainder import Remainder
from jupyter_memkit.track.snapshots import Comparison, Snapshot, VariableChange
from jupyter_memkit.track.variables import Variable, Variables

MIB = 1024 * 1024

NO_CHANGES: dict[str, Any] = {"variables": (), "types": {}, "objects": {}}


def variable(name: str, n_bytes: int, **options: Any) -> Variable:
    """Return a variable."""
    return Variable(
        name=name,
        type="list",
        shape=(1000, 2),
        size=Size(bytes=n_bytes, **options),
        made_in=3,
    )


def test_variables() -> None:
    """Sizes show their accuracy and location."""
    listed = Variables(
        variables=(
            variable("a", 3 * MIB, shared_bytes=MIB),
            variable("b", 2 * MIB, exact=False, error_ratio=0.034),
            variable("c", MIB, exact=False, error_ratio=None),
            variable("d", 0, elsewhere={"disk": 5 * MIB}),
            variable("e", 10, exact=False, opaque=("lib.Thing",), shared_bytes=5),
        ),
        total_bytes=7 * MIB,
        left_out=2,
    )
    assert memls.build_report(listed).text().splitlines() == [
        "5 variables; 7.0 MiB together with 2 more",
        "  name             size   shared  type      shape  cell",
        "  a             3.0 MiB  1.0 MiB  list  1,000 x 2   [3]",
        "  b           ≈ 2.0 MiB           list  1,000 x 2   [3]",
        "  c           ≥ 1.0 MiB           list  1,000 x 2   [3]",
        "  d     5.0 MiB on disk           list  1,000 x 2   [3]",
        "  e              ≥ 10 B           list  1,000 x 2   [3]",
        "Shared: memory that other variables hold as well.",
        "≈: estimated from a sample, to ±3% or better; --exact visits every object.",
        "≥: the time limit was reached; --exact or --budget counts more.",
        (
            "≥: lib.Thing may hold memory that Python cannot see; "
            "@memkit.sizer adds the size of a type."
        ),
    ]


def test_many_variables() -> None:
    """The smallest of very many are counted, not shown."""
    variables = tuple(variable(f"v{number}", 100 - number) for number in range(60))
    report = memls.build_report(Variables(variables=variables, total_bytes=MIB))
    assert "v49" in report.text()
    assert "v50" not in report.text()
    assert "10 smaller variables are not shown" in report.text()


def test_no_variables() -> None:
    """Without variables, no table is shown."""
    report = memls.build_report(Variables(variables=(), total_bytes=0))
    assert report.text() == "0 variables; 0 B together"


def test_sorting() -> None:
    """A sortable table contains its sort keys, with names escaped."""
    listed = Variables(variables=(variable("<b>", MIB),), total_bytes=MIB)
    html = memls.build_report(listed).html()
    assert "<b>" not in html
    assert 'data-key="1048576.0"' in html
    assert 'data-key="&lt;b&gt;"' in html
    assert html.count("<button") == 6
    plain = Table(columns=(("a", "text"),), rows=(("x",),)).html()
    assert "onclick" not in plain


def test_holders() -> None:
    """Paths are shown with the types of the holders."""
    found = Holders(
        chains=(Chain(text="jobs[2].frame", holder="Job"),), more=3, complete=False
    )
    assert holders.build_report(found).text().splitlines() == [
        "held in 4 places",
        "  reached as     held by",
        "  jobs[2].frame  Job",
        "Not shown: 3 more.",
        "Incomplete: the time limit was reached.",
    ]
    nobody = Holders(chains=(), more=0, complete=True)
    assert holders.build_report(nobody).title == "no variable leads to it"


def test_moments() -> None:
    """A comparison shows what changed, by variable, type and object."""
    found = Comparison(
        rss_bytes=5 * MIB,
        together_bytes=2 * MIB,
        error_bytes=0,
        variables=(
            VariableChange(
                name="x",
                change="grew",
                type="list",
                before_bytes=MIB,
                after_bytes=3 * MIB,
            ),
        ),
        types={"list": 2 * MIB, "dict": -512},
        objects={"m.Node": 5000, "tuple": -7},
    )
    assert memsnap.build_report(found).text().splitlines() == [
        "memory in use rose by 5.0 MiB",
        "  by type  list +2.0 MiB, dict -512 B",
        "  objects  m.Node +5,000",
        "  name          change      now  type",
        "  x     grew  +2.0 MiB  3.0 MiB  list",
        (
            "3.0 MiB of the rise is not in variables: outputs, libraries or the "
            "allocator hold it; %memleaks looks for it."
        ),
    ]
    still = replace(found, rss_bytes=0, together_bytes=0, **NO_CHANGES)
    assert memsnap.build_report(still).text().splitlines() == [
        "memory in use did not change",
        "No variable changed in size.",
    ]
    taken = Snapshot(
        rss_bytes=MIB,
        sizes={"x": Size(bytes=1), "function": Size(bytes=1)},
        total_bytes=2,
        types={},
        objects={},
        minor=frozenset({"function"}),
    )
    assert (
        memsnap.build_report(taken).text()
        == "snapshot taken: 1 variable, 1.0 MiB in use"
    )
    many = replace(found, rss_bytes=-MIB, variables=found.variables * 25)
    text = memsnap.build_report(many).text()
    assert "memory in use fell by 1.0 MiB" in text
    assert "and 5 smaller changes" in text


def test_a_rise_that_is_not_in_variables() -> None:
    """If more is in use, the report does not say that no variable changed in size."""
    for n_bytes, expected in (
        (5 * MIB, "The rise is not in variables:"),
        (1000, "The rise is too small to come from a variable."),
    ):
        found = Comparison(
            rss_bytes=n_bytes, together_bytes=0, error_bytes=0, **NO_CHANGES
        )
        text = memsnap.build_report(found).text()
        assert expected in text
        assert "No variable changed" not in text


@pytest.mark.parametrize("error_bytes", [6 * MIB, None])
def test_a_rise_within_the_error_of_the_sizes(error_bytes: int | None) -> None:
    """A rise is nowhere for certain if the estimated sizes may have risen as much."""
    found = Comparison(
        rss_bytes=5 * MIB, together_bytes=0, error_bytes=error_bytes, **NO_CHANGES
    )
    text = memsnap.build_report(found).text()
    assert "the rise is within their error" in text
    assert "is not in variables" not in text


def test_changes_of_estimates() -> None:
    """Changes of estimates are marked, and so is what is left of the rise."""
    change = VariableChange(
        name="x",
        change="grew",
        type="list",
        before_bytes=MIB,
        after_bytes=3 * MIB,
        accuracy="estimate",
    )
    found = Comparison(
        rss_bytes=5 * MIB,
        together_bytes=2 * MIB,
        error_bytes=1000,
        variables=(change,),
        types={},
        objects={},
    )
    text = memsnap.build_report(found).text()
    assert "≈ +2.0 MiB" in text
    assert "≈ 3.0 MiB of the rise" in text
    assert "≈: estimated from a sample." in text


def test_a_second_name_for_the_same_memory() -> None:
    """If variables share memory, the report says what they take together."""
    change = VariableChange(
        name="y", change="appeared", type="list", before_bytes=0, after_bytes=9 * MIB
    )
    found = Comparison(
        rss_bytes=0,
        together_bytes=0,
        error_bytes=0,
        variables=(change,),
        types={},
        objects={},
    )
    assert "together they take as much as before" in memsnap.build_report(found).text()


def test_the_rest_of_the_process() -> None:
    """The last row is the memory in no variable, with its known parts below."""
    remainder = Remainder(bytes=5 * MIB, parts={"outputs": 2 * MIB})
    listed = Variables(
        variables=(variable("a", MIB),), total_bytes=MIB, remainder=remainder
    )
    *_, row, note = memls.build_report(listed).text().splitlines()
    assert row.split() == ["not", "in", "variables", "5.0", "MiB"]
    # Outside the table body, whose rows are sorted.
    _, last = memls.build_report(listed).html().split("</tbody>")
    assert "not in variables" in last
    assert note == (
        "Not in variables: 2.0 MiB outputs, 3.0 MiB Python, libraries and scripts."
    )
    absent = Variables(
        variables=(), total_bytes=MIB, remainder=Remainder(bytes=-MIB, parts={})
    )
    assert "1.0 MiB of the variables are not resident" in (
        memls.build_report(absent).text()
    )
