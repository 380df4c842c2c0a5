"""The weekend, line by line, and its key facts by themselves: a stored file that is renewed must not hide a loss.

After a change that is meant: `cordon scenario weekend > tests/cli/weekend.txt`, and read what differs.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from cli.scenario import telling_of_weekend
from cli.scenario.cast import STAFF

STORED = Path(__file__).with_name("weekend.txt")
LINE = re.compile(r"(?P<day>\w{3}) (?P<clock>\d\d:\d\d:\d\d)  (?P<who>\S+) +(?P<what>.+)")
RAISED = re.compile(r"raised alert (?P<number>\d+) of X\d+: (?P<severity>\w+), (?P<kind>\w+)")
DAYS = {"Fri": 0, "Sat": 1, "Sun": 2, "Mon": 3}

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def printed() -> Sequence[str]:
    return telling_of_weekend()


def happened(printed: Sequence[str]) -> list[tuple[int, str, str]]:
    """(seconds since Friday's midnight, who, what) of each line before the account."""
    found = []
    for line in printed[: printed.index("")]:
        parts = LINE.fullmatch(line)
        assert parts is not None, line
        hour, minute, second = map(int, parts["clock"].split(":"))
        found.append((((DAYS[parts["day"]] * 24 + hour) * 60 + minute) * 60 + second, parts["who"], parts["what"]))
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


def test_it_prints_what_is_stored_line_by_line(printed: Sequence[str]) -> None:
    assert list(printed) == STORED.read_text(encoding="utf-8").splitlines()


def test_lines_are_in_the_order_in_which_things_happened(printed: Sequence[str]) -> None:
    times = [at for at, _, _ in happened(printed)]
    assert times == sorted(times)


def test_there_are_sixty_alerts_of_forty_five_people_and_nothing_is_lost(printed: Sequence[str]) -> None:
    told = account(printed)
    raised = [found["number"] for _, _, what in happened(printed) if (found := RAISED.match(what))]
    assert raised == [f"{number:02d}" for number in range(1, 61)]
    assert told["people"] == ["45"]
    assert told["alerts"][0].startswith("60: ")
    assert told["lost"] == ["0 notices, 0 messages, 0 alert events"]
    assert told["still"][0].endswith("of them on nobody 0")


def test_every_breach_and_warning_is_told_to_somebody_within_a_minute(printed: Sequence[str]) -> None:
    """Unless it was raised while another message of the burst had just gone out: then within the quiet time."""
    for at, _, what in happened(printed):
        found = RAISED.match(what)
        if found is not None and found["severity"] != "information":
            told = [
                later
                for later, _, words in happened(printed)
                if words.startswith("told by") and f"alert {found['number']} of" in words
            ]
            assert told, what
            assert told[0] - at <= 60, what


def test_one_that_is_not_received_goes_on_by_another_channel_and_then_to_the_manager(printed: Sequence[str]) -> None:
    (raised,) = said(printed, "cordon", r"raised .* of X700010: breach")
    (by_sms,) = said(printed, "dina.khan", r"told by sms: breach: .* of X700010")
    (by_email,) = said(printed, "dina.khan", r"told by email: breach: .* of X700010")
    (manager,) = said(printed, "mona.grant", r"told by sms: breach: .* of X700010")
    assert (by_sms - raised, by_email - by_sms, manager - by_email) == (0, 60, 60)
    assert said(printed, "mona.grant", r"acknowledge alert \d+ of X700010")
    assert not said(printed, "dina.khan", r"acknowledge alert \d+ of X700010")


def test_a_burst_is_two_messages_that_tell_of_all_eight(printed: Sequence[str]) -> None:
    raised = said(printed, "cordon", r"raised .* EZ-STADIUM")
    burst = [
        what
        for at, who, what in happened(printed)
        if who == "dina.khan" and raised[0] <= at <= raised[-1] + 60 and what.startswith("told by sms")
    ]
    assert (len(raised), len(burst)) == (8, 2)
    assert sorted(re.findall(r"of (X\d+)", " ".join(burst))) == [f"X7{number:05d}" for number in range(2, 10)]


def test_what_late_data_takes_back_is_told_to_who_was_told(printed: Sequence[str]) -> None:
    (retracted,) = said(printed, "cordon", r"retracted .* of X700019")
    (told,) = said(printed, "dina.khan", r"told by sms: an alert you were told of was retracted .* of X700019")
    assert 0 <= told - retracted <= 60


def test_a_contested_one_is_decided_by_somebody_else(printed: Sequence[str]) -> None:
    (contested,) = said(printed, "evan.lloyd", r"^contest .* of X700013$")
    (refused,) = said(printed, "evan.lloyd", r"^close .* of X700013: 409 ")
    (decided,) = said(printed, "mona.grant", r"^close .* of X700013 as authorised$")
    assert contested < refused < decided


def test_the_second_of_two_officers_is_told_what_the_first_did(printed: Sequence[str]) -> None:
    (first,) = said(printed, "evan.lloyd", r"^assign .* of X700011$")
    (second,) = said(printed, "mona.grant", r"^acknowledge .* of X700011: 409 .*since: evan\.lloyd: assign$")
    assert first == second


def test_nothing_stays_on_whoever_goes_home(printed: Sequence[str]) -> None:
    shifts = {("Sat", 8): "dina.khan", ("Sat", 20): "evan.lloyd", ("Sun", 8): "dina.khan", ("Sun", 20): "evan.lloyd"}
    for (day, hour), goes in shifts.items():
        ends = (DAYS[day] * 24 + hour) * 3600
        before, after = (holders(printed, until) for until in (ends - 1, ends))
        assert goes in before.values()
        assert goes not in after.values()
        assert before.keys() == after.keys()


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


def test_receivers_that_were_down_or_hung_have_all_that_the_others_have(printed: Sequence[str]) -> None:
    counts = [one.partition(": ")[2] for one in account(printed)["receiver"]]
    assert len(counts) == 3
    assert len(set(counts)) == 1
    (down,), (back,) = said(printed, "archive", "is down"), said(printed, "archive", "is back: [1-9]")
    assert back - down == 3600


def test_a_night_without_charging_is_one_episode(printed: Sequence[str]) -> None:
    assert said(printed, "mona.grant", r"X700001 not charging since Saturday 2:10am, 14 alerts$")


def test_messages_say_no_zone_and_reach_staff_only(printed: Sequence[str]) -> None:
    told = [(who, what) for _, who, what in happened(printed) if what.startswith("told by")]
    assert {who for who, _ in told} <= {member.subject for member in STAFF}
    assert not [what for _, what in told if re.search(r"Z-|Stadium|Exclusion|Home", what.partition("[")[0])]
    by_channel = Counter(what.split(":")[0].removeprefix("told by ") for _, what in told)
    arrived = account(printed)["messages"][0]
    assert all(f"{count} by {channel}" in arrived for channel, count in by_channel.items())


def test_a_weakened_victims_zone_is_told_to_the_liaison_officer_within_two_minutes(printed: Sequence[str]) -> None:
    (silent,) = said(printed, "cordon", r"raised alert \d+ of X700012: warning, no_communication$")
    told = said(printed, "vera.hill", r"told by \w+: a protected zone is weakened")
    assert told
    assert all(0 <= at - silent <= 120 for at in told)
    assert said(printed, "vera.hill", r"reads that EZ-12 is weakened: silent$")
    assert said(printed, "vera.hill", r"reads that EZ-12 is watched$")


def test_a_victim_is_told_by_a_person_and_not_of_what_was_retracted(printed: Sequence[str]) -> None:
    (raised,) = said(printed, "cordon", r"raised alert \d+ of X700011: breach")
    (task,) = said(printed, "vera.hill", r"told by sms: there is somebody to tell 18:40$")
    (told,) = said(printed, "vera.hill", r"told the victim by phone: victim task 1 \(breach\)$")
    assert raised <= task <= raised + 60 < told
    assert said(printed, "vera.hill", r"reads victim task 2 \(breach\): withdrawn$")


def test_no_line_has_a_place(printed: Sequence[str]) -> None:
    """Neither the protected address nor any other."""
    assert not [line for line in printed if re.search(r"\d\.\d{3}|Made up", line)]
