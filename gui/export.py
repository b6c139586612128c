"""A story as a file to hand on: plain text, Markdown, or a PDF in large print."""

from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

from gui.library import Story
from tinystories.errors import UserError
from tinystories.files import write_atomically

SERIF_FILES = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf",
    "/System/Library/Fonts/Supplemental/Georgia.ttf",
    "C:/Windows/Fonts/georgia.ttf",
)


def export(story: Story, path: Path) -> None:
    """Write ``story`` as what the suffix of ``path`` says: .txt, .md or .pdf.

    Raises:
        UserError: it is another suffix.
    """
    if path.suffix.lower() not in WRITERS:
        raise UserError(
            f"wanted a file that ends in {', '.join(WRITERS)}, given {path.name}; name it so"
        )
    WRITERS[path.suffix.lower()](story, path)


def _write_text(story: Story, path: Path) -> None:
    write_atomically(path, f"{story.title}\n\n{story.text.strip()}\n")


def _write_markdown(story: Story, path: Path) -> None:
    parts = "\n\n".join(_paragraphs(story.text))
    write_atomically(path, f"# {story.title}\n\n{parts}\n\n---\n\n*{_colophon(story)}*\n")


def _write_pdf(story: Story, path: Path) -> None:
    from reportlab.lib.pagesizes import A4  # 0.2 s, and only needed here
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    font = _register_font()
    body = ParagraphStyle("body", fontName=font, fontSize=20, leading=31, spaceAfter=15)
    title = ParagraphStyle("title", parent=body, fontSize=28, leading=37, spaceAfter=22)
    small = ParagraphStyle("small", parent=body, fontSize=10, leading=14, textColor="#655F56")
    flow = [Paragraph(escape(story.title), title)]
    flow += [Paragraph(escape(part), body) for part in _paragraphs(story.text)]
    flow += [Spacer(1, 18), Paragraph(escape(_colophon(story)), small)]
    beside = path.with_name(f".{path.name}.tmp")
    page = {"leftMargin": 72, "rightMargin": 72, "topMargin": 72, "bottomMargin": 72}
    try:
        SimpleDocTemplate(str(beside), pagesize=A4, title=story.title, **page).build(flow)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _register_font() -> str:
    """A font with more letters than PDF's own have, where the system has one."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    for file in SERIF_FILES:
        try:
            pdfmetrics.registerFont(TTFont("story", file))
        except (TTFError, OSError):
            continue
        return "story"
    return "Times-Roman"


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split("\n") if part.strip()]


def _colophon(story: Story) -> str:
    """Who told the story, and how it can be told again."""
    seed = story.manner.get("seed")
    parts = [f"Told by {story.model}" if story.model else "", story.made[:10]]
    parts.append(f"seed {seed}" if seed is not None and story.model else "")
    return " · ".join(part for part in parts if part)


WRITERS: dict[str, Callable[[Story, Path], None]] = {
    ".txt": _write_text,
    ".md": _write_markdown,
    ".pdf": _write_pdf,
}
