"""The report as DOCX, with the same content as the PDF: for whoever has to put it into a document of their own."""

import io
from datetime import UTC, datetime

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.shared import Mm, Pt

from crimes.evidence.archives import read_members, stored_zip
from crimes.evidence.content import Content
from crimes.evidence.shape import Section, Table
from crimes.evidence.text import visible
from model.times import from_microseconds

PAGE = (Mm(210), Mm(297))
SIDE = Mm(18)
TEXT_WIDTH_MM = 174
MEMBER_MAX_BYTES = 50_000_000  # of what python-docx itself has just written


def render_document(content: Content, map_png: bytes, maker: str, issued_at_us: int) -> bytes:
    """The DOCX, the same bytes for the same content."""
    document = docx.Document()
    _set_up(document, content, maker, from_microseconds(issued_at_us).astimezone(UTC))
    document.add_heading(visible(content.title), 0)
    document.add_paragraph(visible(content.subtitle))
    for number, section in enumerate(content.sections, 1):
        _add_section(document, number, section, map_png)
    written = io.BytesIO()
    document.save(written)
    return stored_zip(read_members(written.getvalue(), MEMBER_MAX_BYTES))


def _set_up(document: Document, content: Content, maker: str, issued: datetime) -> None:
    core = document.core_properties
    core.title, core.subject = visible(f"{content.title} {content.reference}"), visible(content.subtitle)
    core.author = core.last_modified_by = visible(maker)
    core.comments = ""
    core.created = core.modified = issued.replace(tzinfo=None)
    page = document.sections[0]
    page.orientation = WD_ORIENT.PORTRAIT
    page.page_width, page.page_height = PAGE
    page.left_margin = page.right_margin = SIDE
    page.header.paragraphs[0].text = visible(f"{content.title} · {content.reference} · Exhibit {content.exhibit}")
    document.styles["Normal"].font.size = Pt(10)


def _add_section(document: Document, number: int, section: Section, map_png: bytes) -> None:
    document.add_heading(visible(f"{number}. {section.heading}"), 1)
    for paragraph in section.paragraphs:
        document.add_paragraph(visible(paragraph), style="List Number" if section.numbered else None)
    if section.facts:
        _add_table(document, Table(("", ""), (1, 2), section.facts), headed=False)
    if section.table is not None:
        _add_table(document, section.table, headed=True)
    if section.figure:
        document.add_picture(io.BytesIO(map_png), width=Mm(TEXT_WIDTH_MM - 10))


def _add_table(document: Document, table: Table, *, headed: bool) -> None:
    rows = [table.columns, *table.rows] if headed else table.rows
    grid = document.add_table(rows=len(rows), cols=len(table.columns), style="Table Grid" if headed else None)
    grid.autofit = False
    total = sum(table.widths)
    # python-docx finds a table's cells anew for each question: asked once, a long table takes seconds and not minutes
    cells = iter(grid._cells)  # noqa: SLF001
    for place, row in enumerate(rows):
        for width, value in zip(table.widths, row, strict=True):
            cell = next(cells)
            cell.width = Mm(TEXT_WIDTH_MM * width / total)
            run = cell.paragraphs[0].add_run(visible(value))
            run.bold = headed and place == 0
            run.font.size = Pt(8 if headed else 10)
    document.add_paragraph()
