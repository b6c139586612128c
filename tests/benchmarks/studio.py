"""How soon a pressed key is seen while two models tell, and whether memory stays flat.

``python tests/benchmarks/studio.py OUTPUTS [--keys 200] [--minutes 0]`` opens the real window on
the best transformer and the best RNN under OUTPUTS and lets them tell without a pause. Another
process presses keys through the X server's test extension; a key is seen when Tk has drawn its
character. With minutes, the telling goes on that long, and the memory is measured.
"""

import argparse
import ctypes
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import customtkinter

from gui.app import App
from gui.studio import Studio

PAUSE_S = 0.083
"""Between two keys: twelve a second, a very fast typist."""

WARM_UP = 0.25
"""The share of the time before memory is asked to be flat: caches fill, the allocator settles."""

PRESS = """
import ctypes, sys, time
x11, xtst = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
x11.XOpenDisplay.restype = ctypes.c_void_p
display = ctypes.c_void_p(x11.XOpenDisplay(None))
key = x11.XKeysymToKeycode(display, ord("a"))
for number in range(int(sys.argv[1])):
    print(time.monotonic(), flush=True)
    xtst.XTestFakeKeyEvent(display, key, 1, 0)
    xtst.XTestFakeKeyEvent(display, key, 0, 0)
    x11.XFlush(display)
    time.sleep(float(sys.argv[2]))
"""


def wait(app: App, happened: Any) -> None:
    """Let the window live until something has happened."""
    while not happened():
        app.root.update()
        time.sleep(0.005)


def latencies(app: App, field: Any, keys: int) -> list[float]:
    """The milliseconds from each key's press to its character on the screen."""
    seen: list[float] = []

    def drawn() -> None:
        app.root.update_idletasks()
        seen.append(time.monotonic())

    bound = field.bind("<Key>", lambda _: app.root.after_idle(drawn), add="+")
    app.root.focus_force()
    field.focus_force()
    for _ in range(20):
        app.root.update()
        time.sleep(0.01)
    presser = subprocess.Popen(
        [sys.executable, "-c", PRESS, str(keys), str(PAUSE_S)], stdout=subprocess.PIPE, text=True
    )
    app.root.after(int(1000 * (keys * PAUSE_S + 3)), app.root.quit)
    app.root.mainloop()
    pressed = [float(line) for line in presser.communicate()[0].split()]
    del bound
    if len(seen) != len(pressed):
        sys.exit(f"{len(pressed)} keys were pressed, {len(seen)} were seen")
    return [1000 * (end - start) for start, end in zip(pressed, seen, strict=True)]


def said(name: str, values: list[float]) -> None:
    """Write a line of the table."""
    values = sorted(values)
    at = [values[int(len(values) * share)] for share in (0.5, 0.95, 0.99)]
    sys.stdout.write(
        f"{name:<44} {at[0]:>8.1f} {at[1]:>8.1f} {at[2]:>8.1f} {values[-1]:>8.1f}"
        f" {statistics.mean(values):>8.1f}\n"
    )


def memory_mb() -> float:
    """The memory this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def watched_memory(app: App, minutes: float) -> list[tuple[float, float]]:
    """Let the window live for some minutes; return (minute, megabytes), 120 of them."""
    begin = time.monotonic()
    readings = []
    for part in range(121):
        due = begin + 60 * minutes * part / 120
        wait(app, lambda due=due: time.monotonic() >= due)
        readings.append(((time.monotonic() - begin) / 60, memory_mb()))
    return readings


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("outputs", type=Path)
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=0.0)
    options = parser.parse_args()
    ctypes.CDLL("libXtst.so.6")  # Fail at once where there is none.

    sys.setswitchinterval(0.001)  # As gui.__main__ has it.
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder)
        # A copy, so that the reader's own stories and settings stay as they are.
        skipped = shutil.ignore_patterns("checkpoints", "data", "studio", "events*")
        shutil.copytree(options.outputs, outputs / "runs", ignore=skipped)
        began = time.perf_counter()
        studio = Studio(outputs)
        app = App(customtkinter.CTk(), studio)
        app.root.update()
        sys.stdout.write(f"window after {time.perf_counter() - began:.2f} s\n")
        wait(app, lambda: studio.voice is not None)
        measure(app, options.keys, options.minutes)
        app.close()
        studio.close()


def measure(app: App, keys: int, minutes: float) -> None:
    """Tell without a pause on the page Side by side, and press keys."""
    app.studio.change(length=400, mode="Light")
    app.show("Side by side")
    sides: Any = app.pages["Side by side"]
    write: Any = app.pages["Write"]
    stories = 0

    def go_on() -> None:
        nonlocal stories
        if sides._left == 0:
            sides.tell()
            stories += 2
        app.root.after(50, go_on)

    sys.stdout.write(
        f"{'ms from key to character':<44}"
        + "".join(f" {name:>8}" for name in ("median", "95 %", "99 %", "most", "mean"))
        + "\n"
    )
    app.show("Write")
    said("nothing tells", latencies(app, write.box._textbox, keys))
    app.show("Side by side")
    go_on()
    wait(app, lambda: all(side.words > 5 for side in sides.sides))
    app.show("Write")
    said("two models tell, typing in a story", latencies(app, write.box._textbox, keys))
    app.show("Side by side")
    said("two models tell on the same page", latencies(app, sides.beginning._entry, keys))
    if minutes:
        before = stories
        readings = watched_memory(app, minutes)
        for minute, megabytes in readings[:: max(1, len(readings) // 12)]:
            sys.stdout.write(f"{megabytes:.1f} MB after {minute:.0f} minutes\n")
        after = [reading for reading in readings if reading[0] >= WARM_UP * minutes]
        slope = statistics.linear_regression(*zip(*after, strict=True)).slope
        sys.stdout.write(
            f"{stories - before} stories in {minutes:g} minutes: {60 * slope:+.2f} MB an hour "
            f"after the first {WARM_UP:.0%}\n"
        )
        app.show("Write")
        said("two models tell, typing at the end", latencies(app, write.box._textbox, keys))


if __name__ == "__main__":
    main()
