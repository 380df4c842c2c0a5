"""Sequence labels: the counting positions of a visit to the scene are A1, A2 …, those of the next B1, B2 …"""

from collections.abc import Iterable

LETTERS = 26


def visit_letters(number: int) -> str:
    """The letters of a visit, counted from 0: A, B … Z, AA, AB … ZZ, AAA …"""
    letters = ""
    place = number + 1
    while place > 0:
        place, letter = divmod(place - 1, LETTERS)
        letters = chr(ord("A") + letter) + letters
    return letters


def sequence_labels(begins_visit: Iterable[bool]) -> list[str]:
    """The labels of counting positions in their order; each says whether a new visit begins with it."""
    labels: list[str] = []
    visit, place = -1, 0
    for begins in begins_visit:
        if begins or visit < 0:
            visit, place = visit + 1, 0
        place += 1
        labels.append(f"{visit_letters(visit)}{place}")
    return labels
