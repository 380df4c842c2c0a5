"""The weekend, line by line, and its key facts by themselves: a stored file that is renewed must not hide a loss.

After a change that is meant: `cordon scenario weekend > tests/cli/weekend.txt`, and read what differs.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from cli.scenario import play_weekend, telling
from cli.scenario.cast import STAFF
from cli.scenario.play import Played
from tests.support.weekend import account, happened, holders, raised, said, seconds, told_of

STORED = Path(__file__).with_name("weekend.txt")
PRACTITIONERS = ("anna.price", "ben.osei", "carla.diaz")
SHIFTS = (
    ("dina.khan", ("Fri", "15:00"), ("Sat", "08:00")),
    ("evan.lloyd", ("Sat", "08:00"), ("Sat", "20:00")),
    ("dina.khan", ("Sat", "20:00"), ("Sun", "08:00")),
    ("evan.lloyd", ("Sun", "08:00"), ("Sun", "20:00")),
    ("dina.khan", ("Sun", "20:00"), ("Mon", "09:00")),
)
OFFICE_CLOSES = seconds("Fri", "17:00")
CONDITION = re.compile(r"(\S+) of (X\d+): live, drafted by (\S+), approved by (\S+)")
UNTOLD_WORDS = re.compile(
    r"X7\d|TAG-|Person|(?:EZ|CF|IZ|HA|S60)-|Stadium|stadium|Exclusion \d|Protected \d|Home \d|Course|County|ward\b"
    r"|Croydon|Lambeth|Lewisham|Southwark|London|HMP|[Kk]nife|offence|convict|stabbing|licence|Made up|\d\.\d{3}"
)
"""Of people, of places, of offences: whatever of them the service was given."""

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def played() -> Played:
    return play_weekend()


@pytest.fixture(scope="module")
def printed(played: Played) -> Sequence[str]:
    return telling(played)


def test_it_prints_what_is_stored_line_by_line(printed: Sequence[str]) -> None:
    assert list(printed) == STORED.read_text(encoding="utf-8").splitlines()


def test_lines_are_in_the_order_in_which_things_happened(printed: Sequence[str]) -> None:
    times = [at for at, _, _ in happened(printed)]
    assert times == sorted(times)


def test_there_are_sixty_alerts_of_forty_five_people_and_nothing_is_lost(printed: Sequence[str]) -> None:
    told = account(printed)
    assert [alert["number"] for _, alert in raised(printed)] == [f"{number:02d}" for number in range(1, 61)]
    assert told["people"] == ["45"]
    assert told["alerts"][0].startswith("60: ")
    assert told["lost"] == ["0 notices, 0 messages, 0 alert events"]
    assert told["still"][0].endswith("of them on nobody 0")


def test_every_breach_and_warning_is_told_to_somebody_within_a_minute(printed: Sequence[str]) -> None:
    """Unless it was raised while another message of the burst had just gone out: then within the quiet time."""
    told = told_of(printed)
    for at, alert in raised(printed):
        if alert["severity"] != "information":
            assert told[alert["alert"]][0][0] - at <= 60, alert[0]


def test_the_account_lists_of_every_alert_who_was_told(printed: Sequence[str]) -> None:
    told = told_of(printed)
    listed = account(printed)["told"]
    assert len(listed) == 60
    for line, (_, alert) in zip(listed, raised(printed), strict=True):
        ways = dict.fromkeys(f"{who} by {channel}" for _, who, channel in told.get(alert["alert"], []))
        assert bool(ways) == (alert["severity"] != "information"), line
        assert line == f"{alert['alert']}: {', '.join(ways) or 'nobody, it is on the list'}"


def test_the_first_who_is_told_is_the_practitioner_in_office_hours_and_else_who_is_on_duty(
    printed: Sequence[str],
) -> None:
    told = told_of(printed)
    for at, alert in raised(printed):
        on_duty = next(who for who, since, until in SHIFTS if seconds(*since) <= at < seconds(*until))
        practitioner = PRACTITIONERS[int(alert["crn"][-2:]) % len(PRACTITIONERS)]
        for _, who, _ in told.get(alert["alert"], [])[:1]:
            assert who == (practitioner if at < OFFICE_CLOSES else on_duty), alert[0]


def test_every_condition_was_approved_by_a_second_person_before_anybody_was_judged_by_it(
    printed: Sequence[str],
) -> None:
    listed = [CONDITION.fullmatch(line) for line in account(printed)["condition"]]
    assert len(listed) == 21
    approved_at: dict[str, int] = {}
    for found in listed:
        assert found is not None
        reference, crn, drafted_by, approved_by = found.groups()
        assert drafted_by == PRACTITIONERS[int(crn[-2:]) % len(PRACTITIONERS)]
        assert approved_by == "mona.grant"
        (drafted,) = said(printed, drafted_by, rf"^drafted the condition {reference} of {crn}$")
        (approved_at[reference],) = said(printed, approved_by, rf"^approved the condition {reference} of {crn}$")
        assert drafted <= approved_at[reference]
    for at, who, what in happened(printed):
        if who == "cordon" and (judged := re.search(r"^raised .* ((?:EZ|CF|IZ)-\d\d)$", what)):
            assert approved_at[judged[1]] < at, what
    assert account(printed)["unworded"][0].startswith("0 ")


def test_one_that_is_not_received_goes_on_by_another_channel_and_then_to_the_manager(printed: Sequence[str]) -> None:
    (breached,) = said(printed, "cordon", r"raised .* of X700010: breach")
    (by_sms,) = said(printed, "dina.khan", r"told by sms: breach: .* of X700010")
    (by_email,) = said(printed, "dina.khan", r"told by email: breach: .* of X700010")
    (manager,) = said(printed, "mona.grant", r"told by sms: breach: .* of X700010")
    assert (by_sms - breached, by_email - by_sms, manager - by_email) == (0, 60, 60)
    assert said(printed, "mona.grant", r"acknowledge alert \d+ of X700010")
    assert not said(printed, "dina.khan", r"acknowledge alert \d+ of X700010")


def test_a_burst_is_two_messages_that_tell_of_all_eight(printed: Sequence[str]) -> None:
    entered = said(printed, "cordon", r"raised .* EZ-STADIUM")
    burst = [
        what
        for at, who, what in happened(printed)
        if who == "dina.khan" and entered[0] <= at <= entered[-1] + 60 and what.startswith("told by sms")
    ]
    assert (len(entered), len(burst)) == (8, 2)
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
    for goes, _, until in SHIFTS:
        ends = seconds(*until)
        before, after = (holders(printed, until) for until in (ends - 1, ends))
        assert goes in before.values()
        assert goes not in after.values()
        assert before.keys() == after.keys()


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
    (breached,) = said(printed, "cordon", r"raised alert \d+ of X700011: breach")
    (task,) = said(printed, "vera.hill", r"told by sms: there is somebody to tell 18:40$")
    (told,) = said(printed, "vera.hill", r"told the victim by phone: victim task 1 \(breach\)$")
    assert breached <= task <= breached + 60 < told
    assert said(printed, "vera.hill", r"reads victim task 2 \(breach\): withdrawn$")


def test_no_message_tells_a_name_a_place_or_an_offence_in_any_of_its_words(
    played: Played, printed: Sequence[str]
) -> None:
    (count,) = account(printed)["messages"]
    assert int(count.partition(":")[0]) == len(played.messages) > 80
    for message in played.messages:
        words = f"{message.subject or ''}\n{message.body}"
        assert not UNTOLD_WORDS.search(words), words


def test_an_authority_is_opened_and_closed_and_an_entry_is_told_to_nobody_and_no_police(
    printed: Sequence[str],
) -> None:
    (opened,) = said(printed, "evan.lloyd", r"^opened the authority S60-1: open$")
    (closed,) = said(printed, "evan.lloyd", r"^closed the authority S60-1: closed$")
    (entered,) = said(printed, "cordon", r"^raised alert \d+ of X700033: information, authority_area_entry S60-1$")
    assert opened < entered < closed
    assert said(printed, "anna.price", r"^reads on the list alert \d+ of X700033: information, authority_area_entry$")
    assert [what for _, who, what in happened(printed) if who == "paul.north"] == [
        f"asks for {path}: 403 Forbidden"
        for path in ("/v1/alerts", "/v1/people", "/v1/operations", "/v1/zones/S60-1", "/v1/alerts/stream")
    ]


def test_hours_away_from_the_home_area_are_information(printed: Sequence[str]) -> None:
    (left,) = said(printed, "cordon", r"^raised alert \d+ of X700034: information, left_home_area HA-34$")
    assert left == seconds("Sat", "15:30")  # four hours after the first position outside
    assert said(printed, "ben.osei", r"^reads on the list alert \d+ of X700034: information, left_home_area$")


def test_no_line_has_a_place(printed: Sequence[str]) -> None:
    """Neither the protected address nor any other."""
    assert not [line for line in printed if re.search(r"\d\.\d{3}|Made up", line)]
