"""Code that starts a child process and waits until its memory has been measured."""

from __future__ import annotations

# Starts a child of 100 MiB, and waits until the tracker has read its memory.
START_CHILD = """\
import subprocess, sys, time
from jupyter_memkit import tracker
code = "block = b'x' * (100 << 20); print(flush=True); input()"
pipe = subprocess.PIPE
child = subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe)
child.stdout.readline()
while tracker().now().children_bytes < 100 << 20:
    time.sleep(0.01)
"""

# A user's function that also waits for its end.
RUN_CHILD = "def run_child():\n" + "".join(
    f"    {line}\n" for line in (*START_CHILD.splitlines(), "child.communicate()")
)
