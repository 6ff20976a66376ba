"""Takes the documentation's screenshot: the tour in JupyterLab with the sidebar.

``python -m tests.browser.screenshot [FOLDER]`` runs the tour in a real JupyterLab and
writes ``tour.png``, light, and ``tour-dark.png``; without FOLDER only the light one,
into ``notebooks/images``.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.browser.chromium import chromium
from tests.browser.lab_page import LabPage
from tests.lab_server import lab_server

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
IMAGES = NOTEBOOKS / "images"
SIDEBAR_WIDTH = 380
FIRST_CELL_SHOWN = "chunked-md"


def take(folder: Path, themes: dict[str, str]) -> None:
    """Run the tour and write a screenshot for each theme."""
    with (
        tempfile.TemporaryDirectory() as home,
        lab_server(Path(home) / "lab", "--expose-app-in-browser") as server,
        chromium() as browser,
    ):
        shutil.copy(NOTEBOOKS / "00_tour.ipynb", server.root)
        context = browser.new_context(
            viewport={"width": 1400, "height": 860}, device_scale_factor=2
        )
        lab = LabPage(context.new_page(), server)
        lab.open("00_tour.ipynb")
        lab.wait_for_status("live")
        lab.command("application:toggle-left-area")
        lab.set_sidebar_width(SIDEBAR_WIDTH)
        lab.run_all()
        lab.show_cell(FIRST_CELL_SHOWN)
        for file_name, theme in themes.items():
            lab.set_theme(theme)
            lab.page.screenshot(path=folder / file_name)


if __name__ == "__main__":
    if sys.argv[1:]:
        take(
            Path(sys.argv[1]),
            {"tour.png": "JupyterLab Light", "tour-dark.png": "JupyterLab Dark"},
        )
    else:
        take(IMAGES, {"tour.png": "JupyterLab Light"})
