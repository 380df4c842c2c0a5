"""The report as PDF and the map as PNG, by typst: its own fonts, no network, no clock.

The template is source and the content is data: JSON and an SVG picture, which typst never reads as markup.
"""

import json
from dataclasses import asdict
from typing import Literal

import typst

from crimes.evidence.content import Content
from crimes.evidence.text import printable
from model.times import SECOND_US

PDF_STANDARDS: list[Literal["a-2a", "ua-1"]] = ["a-2a", "ua-1"]  # to be kept for decades, and read out loud
MAP_PPI = 200.0
_MAP_SOURCE = b"""#set page(width: 180mm, height: auto, margin: 0mm)
#image(bytes(sys.inputs.map), width: 100%, alt: "map")
"""


def render_report(
    content: Content, map_svg: str, map_words: str, maker: str, issued_at_us: int, template: str
) -> bytes:
    """The PDF. Raises ValueError where the template cannot be set, with typst's own words of where."""
    shown = asdict(content) | {"map_in_words": map_words, "maker": maker}
    inputs = {"content": json.dumps(_printable(shown)), "map": map_svg}
    return _compile(template.encode(), inputs, issued_at_us)


def render_map(map_svg: str, issued_at_us: int) -> bytes:
    """The map as PNG."""
    inputs = {"map": map_svg}
    return _compile(_MAP_SOURCE, inputs, issued_at_us, picture=True)


def _compile(source: bytes, inputs: dict[str, str], issued_at_us: int, *, picture: bool = False) -> bytes:
    options = {"format": "png", "ppi": MAP_PPI} if picture else {"format": "pdf", "pdf_standards": PDF_STANDARDS}
    moment = issued_at_us // SECOND_US
    try:
        made: object = typst.compile(source, ignore_system_fonts=True, sys_inputs=inputs, timestamp=moment, **options)
    except typst.TypstError as error:
        raise ValueError(f"the evidence template cannot be set: {error}") from None
    if not isinstance(made, bytes):
        raise ValueError("the evidence template makes no single document")  # noqa: TRY004 -- of the template
    return made


def _printable(value: object) -> object:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _printable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(inner) for inner in value]
    return value
