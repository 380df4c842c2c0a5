"""Foreign text made safe to show: police text may hold anything, and none of it may act or hide.

Values never become source of a document: typst takes them as JSON, XML and DOCX escape them. What is left are
characters that cannot be shown or that change how others are shown, and cells that a spreadsheet would run.
"""

import unicodedata

FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")
"""https://owasp.org/www-community/attacks/CSV_Injection"""

# What the fonts that typst carries can show; anything else stops a PDF/A document.
_IN_THE_FONTS = (
    (0x20, 0x7E),
    (0xA0, 0xAC),
    (0xAE, 0x377),
    (0x38E, 0x3A1),
    (0x3A3, 0x4FF),
    (0x1E00, 0x1EFF),
    (0x2010, 0x2027),
    (0x2030, 0x2040),
    (0x20A0, 0x20BF),
    (0x2190, 0x2193),
    (0x2260, 0x2265),
)


def visible(text: str) -> str:
    """The text with control, direction and other unseen characters written as ``[U+202E]``; line ends stay."""
    return "".join(
        one if one == "\n" or not unicodedata.category(one).startswith("C") else _named(one)
        for one in text.replace("\r\n", "\n")
    )


def printable(text: str) -> str:
    """``visible``, and what the report's fonts cannot show written as ``[U+4E2D]``. Other files hold it as it is."""
    return "".join(one if one == "\n" or _is_in_the_fonts(one) else _named(one) for one in visible(text))


def one_line(text: str) -> str:
    """``visible`` in one line: for a terminal, where foreign text could forge lines and move the cursor."""
    return visible(text).replace("\n", _named("\n"))


def cell(value: object) -> object:
    """A value of a CSV cell: text that a spreadsheet would take for a formula begins with an apostrophe."""
    if isinstance(value, str) and value.startswith(FORMULA_BEGINNINGS):
        return f"'{value}"
    return value


def _is_in_the_fonts(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _IN_THE_FONTS)


def _named(character: str) -> str:
    return f"[U+{ord(character):04X}]"
