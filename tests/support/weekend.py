"""Reading what `cordon scenario weekend` prints: what each line says, as the line itself says it."""

import re
from collections.abc import Sequence

LINE = re.compile(r"(?P<day>\w{3}) (?P<clock>\d\d:\d\d:\d\d)  (?P<who>\S+) +(?P<what>.+)")
RAISED = re.compile(r"raised (?P<alert>alert (?P<number>\d+) of (?P<crn>X\d+)): (?P<severity>\w+), (?P<kind>\w+)")
TOLD = re.compile(r"told by (?P<channel>\w+): (?P<words>.+?)(?: \[(?P<about>alert .+)\])?")
DAYS = {"Fri": 0, "Sat": 1, "Sun": 2, "Mon": 3}
Happening = tuple[int, str, str]  # seconds since Friday's midnight, who, what


def seconds(day: str, clock: str) -> int:
    hour, minute, *second = map(int, clock.split(":"))
    return ((DAYS[day] * 24 + hour) * 60 + minute) * 60 + sum(second)


def happened(printed: Sequence[str]) -> list[Happening]:
    """Each line before the account."""
    found = []
    for line in printed[: printed.index("")]:
        parts = LINE.fullmatch(line)
        assert parts is not None, line
        found.append((seconds(parts["day"], parts["clock"]), parts["who"], parts["what"]))
    return found


def said(printed: Sequence[str], who: str, pattern: str) -> list[int]:
    """When ``who`` did, or was told, what the pattern finds."""
    return [at for at, whose, what in happened(printed) if whose == who and re.search(pattern, what)]


def account(printed: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in printed[printed.index("") + 1 :]:
        name, _, value = line.partition(" ")
        found.setdefault(name, []).append(value.strip())
    return found


def raised(printed: Sequence[str]) -> list[tuple[int, re.Match[str]]]:
    """Each alert with its moment, in the order of their raising."""
    return [(at, found) for at, who, what in happened(printed) if who == "cordon" and (found := RAISED.match(what))]


def told_of(printed: Sequence[str]) -> dict[str, list[tuple[int, str, str]]]:
    """By alert: when, who and by which channel, for each message that is about it."""
    found: dict[str, list[tuple[int, str, str]]] = {}
    for at, who, what in happened(printed):
        if message := TOLD.fullmatch(what):
            for alert in (message["about"] or "").split(", "):
                found.setdefault(alert, []).append((at, who, message["channel"]))
    return found


def holders(printed: Sequence[str], until: int) -> dict[str, str]:
    """Who has which alert that is to be worked at that time, by the lines alone."""
    found: dict[str, str] = {}
    over: set[str] = set()
    for at, who, what in happened(printed):
        if at > until:
            break
        if taken := re.fullmatch(r"(?:acknowledge|assign) (alert \d+) of X\d+", what):
            found[taken[1]] = who
        elif handed := re.match(r"handed (alert \d+) of X\d+ over to (\S+)", what):
            found[handed[1]] = handed[2]
        elif ended := re.fullmatch(r"(?:retracted (alert \d+) of .+|close (alert \d+) of X\d+ as \w+)", what):
            over.add(ended[1] or ended[2])
        elif contested := re.fullmatch(r"contest (alert \d+) of X\d+", what):
            over.discard(contested[1])
    return {alert: who for alert, who in found.items() if alert not in over}
