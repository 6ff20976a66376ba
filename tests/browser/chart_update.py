"""Measures an update of the sidebar's chart in a real browser.

``python -m tests.browser.chart_update`` prints the median and the 95th percentile, for
histories of several lengths. An update selects the readings, joins them in columns of
pixels and draws; it is to take 4 ms at most with eight hours of readings.
"""

from __future__ import annotations

import statistics
import subprocess
from pathlib import Path

from tests.browser.chromium import chromium

_LABEXTENSION = Path(__file__).parents[2] / "labextension"
_UPDATES = 300


def bundle() -> str:
    """Return the page's script with all that it imports."""
    command = [
        str(_LABEXTENSION / "node_modules" / ".bin" / "esbuild"),
        str(_LABEXTENSION / "test" / "chart" / "update_page.ts"),
        "--bundle",
        "--loader:.css=empty",
        "--minify",
        "--log-level=error",
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Measure and print."""
    script = bundle()
    with chromium() as browser:
        for hours in (0.1, 1, 8, 48):
            page = browser.new_page()
            page.add_script_tag(content=script)
            times = page.evaluate(
                "([hours, updates]) => window.measure(hours, updates)",
                [hours, _UPDATES],
            )
            median = statistics.median(times)
            late = statistics.quantiles(times, n=20)[-1]
            print(f"{hours:5} h: median {median:.2f} ms, 95 % below {late:.2f} ms")
            page.close()


if __name__ == "__main__":
    main()
