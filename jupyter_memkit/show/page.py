"""A page of HTML that loads nothing, and whose policy forbids it to."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # matplotlib is imported only when a plot is requested
    from matplotlib.figure import Figure

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; font: 14px/1.45 system-ui, sans-serif; }
body { max-width: 1100px; margin: 24px auto; padding: 0 16px; }
h1 { font-size: 22px; }
h2 { margin-top: 32px; font-size: 17px; }
svg { display: block; max-width: 100%; height: auto; }
section { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 12px 3px 0; border-bottom: 1px solid #8884; vertical-align: top; }
"""


def build_page(title: str, sections: list[tuple[str, str]]) -> str:
    """Build a page.

    Parameters
    ----------
    title : str
        Its title and first heading, plain text.
    sections : list of (str, str)
        The heading of each section, plain text, and its content, HTML.

    Examples
    --------
    >>> "<h1>1 &lt; 2</h1>" in build_page("1 < 2", [])
    True
    """
    heading = html.escape(title)
    body = "\n".join(
        f"<section><h2>{html.escape(name)}</h2>\n{content}</section>"
        for name, content in sections
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{html.escape(_POLICY)}">
<meta name="viewport" content="width=device-width">
<title>{heading}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{heading}</h1>
{body}
</body>
</html>
"""


def draw_svg(figure: Figure) -> str:
    """Return a figure as an element of a page."""
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg")
    text = drawn.getvalue()
    # A page has no place for the XML declaration before it.
    return text[text.index("<svg") :]
