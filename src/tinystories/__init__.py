"""Train, compare and talk with two small language models on TinyStories."""

import os

__version__ = "0.1.0"

# Libraries that report what they are used for are told not to, before any of them is imported.
os.environ.setdefault("DO_NOT_TRACK", "1")
