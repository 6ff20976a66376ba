"""Writes ``llms.txt``, the list of the pages in Markdown (https://llmstxt.org)."""

from __future__ import annotations

from importlib.metadata import metadata
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

# The sections of the list, and the folders of their pages; the rest is in the first.
_SECTIONS = {
    "Docs": "",
    "Guide": "guide/",
    "Symptoms": "symptoms/",
    "Reference": "reference/",
    "Optional": "gallery/",
}


def list_pages(env: BuildEnvironment, suffix: str) -> str:
    """Return the text of ``llms.txt``: each page with its first sentence.

    Parameters
    ----------
    env : BuildEnvironment
        The pages that Sphinx has read.
    suffix : str
        What follows the name of a page's source.
    """
    package = metadata("jupyter_memkit")
    lines = [f"# {package['Name']}", "", f"> {package['Summary']}"]
    sections: dict[str, list[str]] = {title: [] for title in _SECTIONS}
    for name in sorted(env.found_docs):
        source = Path(env.doc2path(name)).suffix
        if source == ".rst":
            # autosummary's, which hold a directive only; the page lists them.
            continue
        title = env.titles[name].astext()
        link = f"- [{title}](_sources/{name}{source}{suffix})"
        sentence = _first_sentence(env.get_doctree(name))
        sections[_find_section(name)].append(
            f"{link}: {sentence}" if sentence else link
        )
    for title, links in sections.items():
        lines += ["", f"## {title}", "", *links]
    return "\n".join(lines) + "\n"


def _find_section(name: str) -> str:
    return next(
        (
            title
            for title, folder in _SECTIONS.items()
            if folder and name.startswith(folder)
        ),
        "Docs",
    )


def _first_sentence(page: nodes.document) -> str:
    paragraph = next(iter(page.findall(nodes.paragraph)), None)
    if paragraph is None:
        return ""
    text = " ".join(paragraph.astext().split())
    end = text.find(". ")
    return text if end < 0 else text[: end + 1]


def write_list(app: Sphinx, exception: Exception | None) -> None:
    """Write the list into the root of a finished site."""
    if exception is None and app.builder.name == "html":
        text = list_pages(app.env, app.config.html_sourcelink_suffix)
        Path(app.outdir, "llms.txt").write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the list at the end."""
    app.connect("build-finished", write_list)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
