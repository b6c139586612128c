"""The questions that models are asked, as plain text files, and how these are read."""

from importlib.resources import files


def read_blocks(name: str) -> list[list[str]]:
    """Return the blocks of lines of a file here, without comments (``#``)."""
    text = (files(__name__) / name).read_text(encoding="utf-8")
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        if not line.strip():
            blocks.append([])
        elif not line.startswith("#"):
            blocks[-1].append(line.strip())
    return [block for block in blocks if block]


def read_lists(lines: list[str]) -> dict[str, list[str]]:
    """Return the lists that lines like ``name: one, two`` hold."""
    pairs = (line.partition(":") for line in lines)
    return {name: [entry.strip() for entry in entries.split(",")] for name, _, entries in pairs}
