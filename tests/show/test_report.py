"""The common format of the magics' output."""

from __future__ import annotations

from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table

REPORT = Report(
    title="2 <chunks>",
    rows=(("rows", "10"), ("peak & more", "<b>1 GiB</b>")),
    notes=("A note & a half.",),
)


def test_text_is_aligned() -> None:
    """In a terminal the values are aligned."""
    assert REPORT.text() == (
        "2 <chunks>\n  rows         10\n  peak & more  <b>1 GiB</b>\nA note & a half."
    )


def test_html_is_escaped() -> None:
    """Users' data is shown as text, never as markup."""
    html = REPORT.html()
    assert "<b>" not in html
    assert "&lt;b&gt;1 GiB&lt;/b&gt;" in html
    assert "2 &lt;chunks&gt;" in html
    assert "A note &amp; a half." in html


def test_report_without_rows() -> None:
    """A title alone is one line, without an empty table."""
    report = Report(title="nothing to do")
    assert report.text() == "nothing to do"
    assert "<table>" not in report.html()


def test_code_wraps_and_keeps_its_spaces() -> None:
    """A long line of code does not push the next column out of a narrow notebook."""
    table = Table(columns=(("remedy", "code"), ("why", "text")), rows=(("a  b", "c"),))
    assert "white-space: pre-wrap" in table.html()
    assert "a  b" in table.html()
