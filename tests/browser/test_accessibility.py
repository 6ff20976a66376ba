"""The panel by the rules of axe-core, and by keyboard alone."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.accessibility import find_violations
from tests.browser.lab_page import LabPage
from tests.lab_server import LabServer


def test_no_violations(lab: LabPage, server: LabServer) -> None:
    """The panel, its status item and the badges are accessible in every theme.

    A column by which the cells are not sorted is named by its title alone.
    """
    server.write_notebook(
        "accessible.ipynb",
        "block = bytearray(b'x' * (50 << 20))",
        "%gc_pause on",
        "1 / 0",
        "%gc_pause off",
    )
    lab.open("accessible.ipynb")
    lab.wait_for_status("live")
    for index in range(3):
        lab.run_cell(index)
        lab.wait_for_end_of(f"c-{index}")
    expect(lab.part("collector")).to_be_visible()
    kept = lab.page.get_by_role("columnheader", name="Kept", exact=True)
    expect(kept).to_be_visible()
    for theme in ("Dark High Contrast", "Dark", "Light"):
        lab.set_theme(f"JupyterLab {theme}")
        for place in ("#jupyter-memkit", ".jp-Memkit-status", ".jp-Memkit-badge"):
            assert find_violations(lab, place) == [], theme
    lab.run_cell(3)


# The brightest grey, of 255, among the labels at the left of the chart; not a number
# while it is drawn anew.
_BRIGHTEST_LABEL = """
() => {
    const canvas = document.querySelector('#jupyter-memkit .jp-Memkit-chart canvas');
    if (!canvas) {
        return NaN;
    }
    const { data } = canvas.getContext('2d').getImageData(0, 0, 50, canvas.height);
    let brightest = 0;
    for (let pixel = 0; pixel < data.length; pixel += 4) {
        const [red, green, blue, alpha] = data.slice(pixel, pixel + 4);
        brightest = Math.max(brightest, (Math.min(red, green, blue) * alpha) / 255);
    }
    return brightest;
}
"""


def test_axes_are_readable_in_forced_colours(lab: LabPage, server: LabServer) -> None:
    """Where the system makes the page dark, the chart's labels become light at once."""
    server.write_notebook("forced.ipynb", "x = 1")
    lab.open("forced.ipynb")
    lab.wait_for_status("live")
    lab.page.locator("#jupyter-memkit .jp-Memkit-chart canvas").wait_for()
    lab.page.emulate_media(forced_colors="active", color_scheme="dark")
    lab.page.wait_for_function(f"200 < ({_BRIGHTEST_LABEL})()")
    lab.page.emulate_media(forced_colors="none", color_scheme="light")
    lab.page.wait_for_function(f"200 > ({_BRIGHTEST_LABEL})()")


def test_keyboard_reaches_everything(lab: LabPage, server: LabServer) -> None:
    """Tab reaches each button, the chart and the sections, in the order of the page."""
    server.write_notebook("keyboard.ipynb", "block = bytearray(b'x' * (50 << 20))")
    lab.open("keyboard.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_end_of("c-0")
    controls = lab.page.locator(
        "#jupyter-memkit :is(button, [tabindex='0'], select):visible"
    )
    count = controls.count()
    controls.first.focus()
    reached = 1
    for _ in range(2 * count):
        lab.page.keyboard.press("Tab")
        is_inside = lab.page.evaluate(
            "document.activeElement.closest('#jupyter-memkit') !== null"
        )
        if not is_inside:
            break
        reached += 1
    assert reached >= count
