"""Open the studio: python -m gui."""

import os
import signal
import sys


def main() -> int:
    """Show the window until it is closed; return the exit code: 0 closed, 2 no window possible."""
    try:
        import tkinter

        import customtkinter

        from gui.app import App
        from gui.studio import Studio
        from tinystories.runs import OUTPUTS
    except ImportError as error:
        return _refuse(
            f"the window needs tkinter and customtkinter, and got: {error}; install them "
            "(apt install python3-tk, or what your system calls it; pip install customtkinter)"
        )
    try:
        root = customtkinter.CTk()
    except tkinter.TclError as error:
        return _refuse(
            f"wanted a window, found no display to open it on ({error}); run this on a desktop, "
            "or use `tinystories tell`"
        )
    # Telling threads then hand over to the window five times sooner than Python's 5 ms.
    sys.setswitchinterval(0.001)
    studio = Studio(OUTPUTS)
    try:
        app = App(root, studio)
        signal.signal(signal.SIGINT, lambda *_: root.after_idle(app.close))  # Ctrl-C
        root.mainloop()
    finally:
        ended = studio.close()
    if not ended:
        # A worker is amid an import or a long count, which Python would wait for or abort in.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    return 0


def _refuse(message: str) -> int:
    sys.stderr.write(f"error: {message}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
