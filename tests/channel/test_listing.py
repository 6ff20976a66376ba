"""The messages about variables equal the golden ones of the sidebar's tests."""

from __future__ import annotations

from jupyter_memkit.channel.listing import (
    hints_message,
    holders_message,
    variables_message,
)
from jupyter_memkit.hints.records import Hint, Hints
from jupyter_memkit.measure.holders import Chain, Holders
from jupyter_memkit.measure.models.records import ModelSize, ModelSizes, Split
from jupyter_memkit.measure.sizes import Size
from jupyter_memkit.track.remainder import Remainder
from jupyter_memkit.track.variables import Variable, Variables
from tests.golden import golden

# The messages contain addresses, and what the type of the real value supports.
ADDRESSES = ("token", "actions")


def listed(name: str, n_bytes: int, **details: object) -> Variable:
    """A variable of a size."""
    fields: dict[str, object] = {"type": "list", "shape": None, "made_in": None}
    size = details.pop("size", Size(bytes=n_bytes))
    return Variable(name=name, size=size, **(fields | details))  # type: ignore[arg-type] # a mixture


MODEL = ModelSize(
    name="net",
    variable="net",
    type="Sequential",
    devices={
        "RAM": Split(parameters_bytes=40_000_000, optimizer_bytes=120_000_000),
        "cuda:0": Split(parameters_bytes=40_000_000),
    },
)

SHOWN = (
    listed(
        "orders",
        0,
        type="DataFrame",
        shape=(336776, 19),
        made_in=3,
        size=Size(
            bytes=400_000_000, shared_bytes=80_000_000, exact=False, error_ratio=0.01
        ),
    ),
    listed(
        "net",
        0,
        type="Sequential",
        made_in=4,
        size=Size(bytes=160_000_000, elsewhere={"cuda:0": 40_000_000}),
    ),
    listed(
        "<b>bold</b>",
        0,
        shape=(1000,),
        size=Size(
            bytes=80_000_000, shared_bytes=80_000_000, exact=False, error_ratio=None
        ),
    ),
)

REMAINDER = Remainder(bytes=100 * 1024**2, parts={"outputs": 20 * 1024**2})


def test_variables() -> None:
    """The list has every figure of the variables, and what is not in them."""
    message = variables_message(
        Variables(
            variables=SHOWN,
            total_bytes=560_002_048,
            remainder=REMAINDER,
            models=ModelSizes(models=(MODEL,)),
        ),
        {each.name: object() for each in SHOWN},
        0.1,
    )
    wanted = golden("variables") | {"more": 0, "more_bytes": 0}
    for row, wanted_row in zip(message["variables"], wanted["variables"], strict=True):
        for key in ADDRESSES:
            wanted_row[key] = row[key]  # type: ignore[literal-required] # of the row
    assert message == wanted


def test_many_variables_are_summed_up() -> None:
    """The largest 200 are listed; of the others, the number and the size."""
    variables = tuple(listed(f"v{number}", 1000) for number in range(10_000))
    message = variables_message(
        Variables(variables=variables, total_bytes=10_000_000),
        {each.name: [] for each in variables},
        0.1,
    )
    assert len(message["variables"]) == 200
    assert message["more"] == 9_800
    assert message["more_bytes"] == 9_800_000
    assert message["rest_bytes"] is None


def test_only_names_of_variables_have_actions() -> None:
    """What is not an identifier, or too long, is listed as text without actions."""
    names = ("prices", "a b", "<img src=x>", "x" * 201)
    message = variables_message(
        Variables(variables=tuple(listed(name, 8) for name in names), total_bytes=32),
        {name: [1.5] for name in names},
        0.1,
    )
    rows = message["variables"]
    assert [row["name"] for row in rows] == [*names[:3], "x" * 199 + "…"]
    assert [row["actions"] for row in rows] == [["delete", "to_array"], [], [], []]


def test_holders() -> None:
    """The paths to a value are sent, with whether the search was completed."""
    found = Holders(
        chains=(
            Chain(text="orders", holder="dict"),
            Chain(text="jobs[2].frame", holder="Job"),
        ),
        more=3,
        complete=False,
    )
    assert holders_message("orders", found) == golden("holders")


def test_hints() -> None:
    """A hint says whether its cure can be run."""
    found = Hints(
        hints=(
            Hint(
                kind="dtype",
                name="orders",
                found="fits into smaller dtypes: float64 → float32",
                bytes=200_000_000,
                cure="%shrink orders",
                _call=int,
            ),
            Hint(
                kind="collector",
                name="cell [3]",
                found="the garbage collector took 2.5 s of it",
                saved_s=2.5,
                cure="%%gc_pause",
            ),
        ),
        complete=False,
    )
    assert hints_message(found, 0.5) == golden("hints")
