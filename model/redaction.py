"""Others' names and numbers taken out of free text, with a count of what was taken out."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

LEAST_LETTERS = 3
"""Of a name: shorter ones would take ordinary words away."""

_WORD = re.compile(r"[\w@+'\u2019-]+(?:[.][\w@+'\u2019-]+)*")


def _words(text: str) -> list[re.Match[str]]:
    return list(_WORD.finditer(text))


class Redactor:
    """Finds any of many phrases in one pass over a text, whatever their number, and whatever the letters' case.

    ``phrases`` gives for each name, number or address what is written in its place, such as ``[another person]``.
    What is in ``kept`` stays: it is the subject's own.
    """

    def __init__(self, phrases: Iterable[tuple[str, str]], kept: Iterable[str]) -> None:
        own = {_key(text) for text in kept}
        self._places: dict[tuple[str, ...], str] = {}
        for text, place in phrases:
            key = _key(text)
            if len("".join(key)) >= LEAST_LETTERS and key not in own:
                self._places.setdefault(key, place)
        self._longest = max(map(len, self._places), default=0)
        self.counts: Counter[str] = Counter()

    def text(self, text: str) -> str:
        words = _words(text)
        written, behind, at = [], 0, 0
        while at < len(words):
            length, place = self._found(words, at)
            if place is None:
                at += 1
                continue
            self.counts[place] += 1
            written += [text[behind : words[at].start()], place]
            behind = words[at + length - 1].end()
            at += length
        return "".join([*written, text[behind:]])

    def value(self, value: Any) -> Any:
        """The same of every text in a value as JSON has it, names of members included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(name): self.value(held) for name, held in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(one) for one in value]
        return value

    def _found(self, words: list[re.Match[str]], at: int) -> tuple[int, str | None]:
        """The longest phrase that begins with this word."""
        for length in range(min(self._longest, len(words) - at), 0, -1):
            place = self._places.get(tuple(word[0].casefold() for word in words[at : at + length]))
            if place is not None:
                return length, place
        return 0, None


def _key(text: str) -> tuple[str, ...]:
    return tuple(word[0].casefold() for word in _words(text))
