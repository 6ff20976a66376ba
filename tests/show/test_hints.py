"""What a person reads of hints."""

from __future__ import annotations

from jupyter_memkit.hints import Hint, Hints, Unused
from jupyter_memkit.show.hints import Advice, build_report

MIB = 1024 * 1024


def test_hints() -> None:
    """Each hint has what it saves, how true that is, and its cure."""
    found = Hints(
        hints=(
            Hint(kind="view", name="v", found="a view", bytes=MIB, cure="v = v.copy()"),
            Hint(
                kind="numbers",
                name="n",
                found="a list",
                bytes=MIB,
                accuracy="estimate",
                cure="%to_numpy n",
            ),
            Hint(
                kind="output",
                name="Out[1]",
                found="shown",
                bytes=MIB,
                accuracy="at most",
                cure="%memfree --outputs",
            ),
            Hint(kind="graph", name="l", found="graphs", cure="del l"),
            Hint(
                kind="collector",
                name="cell [3]",
                found="slow",
                saved_s=3.1,
                cure="%%gc_pause",
            ),
        ),
        unused=(Unused(name="u", bytes=MIB, used_in=2),),
        complete=False,
    )
    assert build_report(found).text().splitlines() == [
        "5 hints: up to 3.0 MiB can be freed",
        "          saves  where     why     remedy",
        "        1.0 MiB  v         a view  v = v.copy()",
        "      ≈ 1.0 MiB  n         a list  %to_numpy n",
        "  up to 1.0 MiB  Out[1]    shown   %memfree --outputs",
        "                 l         graphs  del l",
        "        ≈ 3.1 s  cell [3]  slow    %%gc_pause",
        "Incomplete: the time limit was reached; %memleaks --budget 20s extends it.",
        "Not leaks, but not used by the last cells: u (1.0 MiB, cell [2]).",
    ]


def test_incomplete() -> None:
    """The note names the magic that was called."""
    for kind, magic in ((Hints, "%memleaks"), (Advice, "%memkit advice")):
        notes = build_report(kind(hints=(), complete=False)).notes
        assert notes == (
            f"Incomplete: the time limit was reached; {magic} --budget 20s extends it.",
        )


def test_incomplete_again() -> None:
    """The time that the note suggests is longer than the one that was too short."""
    found = Hints(hints=(), complete=False, budget_s=20.0)
    assert "--budget 200s extends it" in build_report(found).notes[0]


def test_no_hints() -> None:
    """Where there is none, the title says whether everything was looked at."""
    assert build_report(Hints(hints=())).text() == "no hints: nothing stands out"
    assert build_report(Hints(hints=(), complete=False)).title == "no hints yet"


def test_hints_as_json() -> None:
    """The call of a cure is not part of the data."""
    hint = Hint(kind="graph", name="l", found="graphs", cure="del l", _call=print)
    assert hint.to_dict() == {
        "kind": "graph",
        "name": "l",
        "found": "graphs",
        "bytes": None,
        "accuracy": "exact",
        "saved_s": None,
        "cure": "del l",
    }
