"""Characters that do not show what is there: a text with them can be read as something else than it says."""

from collections.abc import Collection
from unicodedata import category

TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the direction of what follows, so that it is shown in another order (Unicode Annex 9)."""
LINE_ENDS = frozenset("\u2028\u2029")


def misleads(text: str, *, kept: Collection[str] = ()) -> bool:
    """Whether ``text`` holds control characters other than ``kept``, turns its direction, or is no whole text."""
    return any(
        (category(one) in {"Cc", "Cs"} and one not in kept) or one in TURNING or one in LINE_ENDS for one in text
    )
