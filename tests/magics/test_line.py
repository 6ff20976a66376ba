"""The parser of the lines of all magics."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.magics.line import parse_line, parse_statement
from jupyter_memkit.magics.words import split_list, split_words
from jupyter_memkit.units import format_bytes

LINE_MAGICS = (
    *("gc_pause", "isolated", "memfree", "memkit", "memleaks", "memls", "memplot"),
    *("memsnap", "shrink", "spill", "to_numpy", "unload"),
)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a  b", ["a", "b"]),
        ('"a b" --out="c d"', ["a b", "--out=c d"]),
        ("O'Brien.csv", ["O'Brien.csv"]),
        (r"C:\data\x.csv", [r"C:\data\x.csv"]),
        ('sep="; " x', ['sep="; "', "x"]),
        ("--columns 'unit price',qty", ["--columns", "'unit price',qty"]),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    """Quotes keep a word together, and other characters are unchanged."""
    assert list(split_words(line)) == words


def test_list_with_quotes() -> None:
    """A comma in quotes does not separate items."""
    assert split_list("'a, b',c, \"d\"") == ["a, b", "c", "d"]


@pytest.mark.parametrize("name", LINE_MAGICS)
@pytest.mark.parametrize("line", ["'", 'x "y', "--nonsense='z"])
def test_a_quote_that_is_not_closed(
    shell: InteractiveShell, name: str, line: str
) -> None:
    """An unclosed quote is reported in one sentence by every magic."""
    with pytest.raises(UsageError, match=r"the quote . is not closed in .*; close or"):
        shell.run_line_magic(name, line)


@pytest.mark.parametrize("name", [*LINE_MAGICS, "mem"])
def test_an_option_that_there_is_not(shell: InteractiveShell, name: str) -> None:
    """No magic ignores an unknown option."""
    with pytest.raises(
        UsageError, match=f"%{name} has no option --zzzz; it has (-|none)"
    ):
        shell.run_line_magic(name, "--zzzz")


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("--redcue sum", "--reduce"),
        ("--chunksize 5", "--rows"),
        ("--n_jobs=2", "--workers"),
        ("--n-jobs 2", "--workers"),
        ("--usecols a", "--columns"),
        ("--Reduce sum", "--reduce"),
        ("-reduce sum", "--reduce"),
        ("--sep ;", "--read sep=VALUE"),
        ("--max-memory 2GB", "--memory"),
        ("rows=5", "--rows 5"),
    ],
)
def test_the_option_that_was_meant(
    shell: InteractiveShell, line: str, meant: str
) -> None:
    """For a misspelt option, or that of another library, ours is suggested."""
    chunked = shell.magics_manager.magics["cell"]["chunked"]
    with pytest.raises(UsageError) as caught:
        parse_line(chunked, f"x.csv {line}")
    assert str(caught.value).endswith(f"did you mean {meant}?")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("--memory 500MB", "500 MB"),
        ("--memory 500 MB", "500 MB"),
        ("--memory '500 MB'", "500 MB"),
        ("--memory=1.5GiB", "1.5 GiB"),
    ],
)
def test_sizes(shell: InteractiveShell, line: str, shown: str) -> None:
    """A size may contain a space, and is shown in its own unit."""
    chunked = shell.magics_manager.magics["cell"]["chunked"]
    args = parse_line(chunked, f"x.csv {line} --rows 5")
    assert format_bytes(args.memory) == shown
    assert args.rows == 5


@pytest.mark.parametrize("names", ["a,b", "a, b", "a ,b", "a , b", "'a, b'"])
def test_lists(shell: InteractiveShell, names: str) -> None:
    """A list can have spaces beside its commas, and ends where there is none."""
    magic = shell.find_cell_magic("isolated")
    args = parse_line(magic, f"--out {names} --name p --in {names}")
    assert (args.out, args.name, args.inputs) == (("a", "b"), "p", ("a", "b"))


def test_list_without_its_end(shell: InteractiveShell) -> None:
    """No option is taken for an item of a list, and no other value for a list."""
    with pytest.raises(UsageError, match="--out: '' is not a name"):
        shell.run_cell_magic("isolated", "--out a, --name p", "a = 1")
    magic = shell.find_cell_magic("chunked")
    assert parse_line(magic, "--read sep=, x.csv").source == "x.csv"


def test_twice(shell: InteractiveShell) -> None:
    """A repeated option is refused, unless its values add up."""
    chunked = shell.magics_manager.magics["cell"]["chunked"]
    with pytest.raises(UsageError, match="--rows is given twice"):
        parse_line(chunked, "x.csv --rows 5 --rows 6")
    assert len(parse_line(chunked, "x.csv --read a=1 --read b=2").read) == 2


def test_a_statement_stays_as_it_is(shell: InteractiveShell) -> None:
    """Options before a statement are parsed, and the statement is unchanged."""
    mem = shell.magics_manager.magics["line"]["mem"]
    args, statement = parse_statement(mem, "-r 3 --max 2 GB x = 'a  b' ; y")
    assert (args.runs, format_bytes(args.max_bytes)) == (3, "2 GB")
    assert statement == "x = 'a  b' ; y"
    assert parse_statement(mem, "-1 + 2")[1] == "-1 + 2"


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("memleaks", "prices --unused 5", "--unused and --budget do not apply"),
        ("shrink", "--undo prices --float32", "leave --float32 out"),
        ("shrink", "--file x.csv --dry-run", "leave --dry-run out"),
        ("unload", "--list --names", "leave --names out"),
        ("isolated", "-o", "%isolated lists or closes"),
        ("isolated", "--list --close x", "give only one of them"),
    ],
)
def test_an_option_without_effect(
    shell: InteractiveShell, name: str, line: str, message: str
) -> None:
    """An option without effect is refused, not ignored."""
    with pytest.raises(UsageError, match=message):
        shell.run_line_magic(name, line)


def test_quoted_paths(
    shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quoted path with a space works for every option that takes one."""
    monkeypatch.chdir(tmp_path)
    Path("a b").mkdir()
    Path("a b/x.csv").write_text("a\n1\n2\n")
    shell.run_cell_magic("chunked", '"a b/x.csv" --out "a b/y.csv"', "chunk")
    assert Path("a b/y.csv").exists()
    shell.run_line_magic("memkit", "export 'a b/e.json'")
    assert Path("a b/e.json").exists()
    assert shell.run_line_magic("shrink", '--file="a b/x.csv"') is not None


@pytest.mark.parametrize("line", ["--max=-- 1", "--max='--' 1", '-r "--" 1'])
def test_two_dashes_as_a_value(shell: InteractiveShell, line: str) -> None:
    """Two dashes, which argparse would drop, are refused as the value of an option."""
    with pytest.raises(UsageError, match="does not accept '--' here; leave it"):
        shell.run_line_magic("mem", line)


def test_two_dashes_as_a_name(shell: InteractiveShell) -> None:
    """Quoted dashes are not dropped, which would free what was not named."""
    with pytest.raises(UsageError, match="%memfree does not accept '--' here"):
        shell.run_line_magic("memfree", '"--"')
