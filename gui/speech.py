"""Reading aloud with the voice of the system, offline, where it has one."""

import re
from typing import Any

from gui.session import Act, Work


def can_speak(act: Act) -> bool:
    """The act that finds out whether the system has a voice."""
    try:
        return bool(_engine().getProperty("voices"))
    except Exception:  # Drivers fail in ways of their own: no library, no sound, no voice.
        return False


def speaking(text: str) -> Work:
    """The act that reads a text aloud, and can be stopped after each sentence."""

    def speak(act: Act) -> None:
        engine = _engine()
        for sentence in sentences(text):
            act.report(sentence)
            engine.say(sentence)
            engine.runAndWait()

    return speak


def sentences(text: str) -> list[str]:
    """A text in sentences, each with the quotation mark that ends it."""
    parts = re.findall(r"[^.!?\n]+(?:[.!?]+[\"”']?|$)", text, re.MULTILINE)
    return [part.strip() for part in parts if part.strip()]


def _engine() -> Any:
    import pyttsx3

    engine = pyttsx3.init()
    engine.setProperty("rate", 150)  # Slow enough for a child.
    return engine
