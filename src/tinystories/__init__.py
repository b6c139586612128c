"""Train, compare and talk with two small language models on TinyStories."""

__version__ = "0.1.0"
