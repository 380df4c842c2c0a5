"""Episodes: what belongs together, whichever order it came in, and the words for it."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.episodes import by_urgency, episodes, words
from model.casework import CaseStatus
from model.enums import AlertKind, AlertState, Severity
from model.episodes import FAMILIES, CauseFamily, Episode, EpisodeAlert
from model.times import SECOND_US, to_microseconds

LONDON = ZoneInfo("Europe/London")
HOUR_US = 3600 * SECOND_US
GAP_S = 12 * 3600
SATURDAY = to_microseconds(datetime(2026, 11, 7, 2, 10, tzinfo=UTC))
MONDAY = datetime(2026, 11, 9, 9, 0, tzinfo=UTC)


def alert(
    began_h: float,
    ended_h: float | None,
    kind: AlertKind = AlertKind.BATTERY_LOW,
    *,
    person_id: int | None = 1,
    zone_id: int | None = None,
    state: AlertState | None = None,
    status: CaseStatus = CaseStatus.RAISED,
    severity: Severity = Severity.WARNING,
) -> EpisodeAlert:
    """Times are hours after Saturday 2:10am."""
    return EpisodeAlert(
        alert_id=uuid.uuid5(uuid.NAMESPACE_OID, f"{began_h} {kind} {person_id} {zone_id}"),
        kind=kind,
        severity=severity,
        state=state or (AlertState.OPEN if ended_h is None else AlertState.ENDED),
        status=status,
        assigned_to=None,
        person_id=person_id,
        zone_id=zone_id,
        began_us=SATURDAY + int(began_h * HOUR_US),
        ended_us=None if ended_h is None else SATURDAY + int(ended_h * HOUR_US),
    )


def grouped(*alerts: EpisodeAlert) -> list[list[EpisodeAlert]]:
    return [list(one.alerts) for one in episodes(alerts, GAP_S)]


def test_every_kind_has_a_cause() -> None:
    assert set(FAMILIES) == set(AlertKind)


def test_a_night_without_charging_is_one_episode_of_fourteen_alerts() -> None:
    night = [alert(n, n + 0.5, (AlertKind.BATTERY_LOW, AlertKind.BATTERY_CRITICAL)[n % 2]) for n in range(13)]
    (found,) = episodes([*night, alert(13, None, AlertKind.POWER_OFF)], GAP_S)
    assert words(found, None, MONDAY, LONDON) == "not charging since Saturday 2:10am, 14 alerts"


def test_the_gap_is_counted_from_the_end_to_the_next_beginning_and_may_be_just_as_long_as_it() -> None:
    assert len(grouped(alert(0, 1), alert(13, 14))) == 1
    assert len(grouped(alert(0, 1), alert(13.001, 14))) == 2


def test_a_short_alert_within_a_long_one_ends_nothing() -> None:
    assert len(grouped(alert(0, 20), alert(1, 2), alert(30, 31))) == 1


def test_one_that_lasts_takes_in_all_that_follow() -> None:
    assert len(grouped(alert(0, None), alert(400, 401))) == 1


@pytest.mark.parametrize(
    "other",
    [
        alert(1, 2, person_id=2),
        alert(1, 2, AlertKind.STRAP_TAMPER),
        alert(1, 2, AlertKind.NO_COMMUNICATION),
        alert(1, 2, AlertKind.EXCLUSION_ZONE_BREACH, zone_id=5),
    ],
)
def test_other_people_and_other_causes_are_other_episodes(other: EpisodeAlert) -> None:
    assert len(grouped(alert(0, 1), other)) == 2


def test_a_breach_its_crossings_and_approaches_are_one_of_each_zone() -> None:
    kinds = (AlertKind.APPROACH_WARNING, AlertKind.INFERRED_CROSSING, AlertKind.EXCLUSION_ZONE_BREACH)
    about = [alert(n, n + 0.1, kind, zone_id=zone) for zone in (5, 6) for n, kind in enumerate(kinds)]
    assert [{one.zone_id for one in run} for run in grouped(*about)] == [{5}, {6}]


def test_what_was_retracted_is_in_none_and_joins_nothing() -> None:
    never = alert(10, 11, state=AlertState.RETRACTED, status=CaseStatus.RETRACTED)
    assert grouped(alert(0, 1), never, alert(20, 21)) == [[alert(0, 1)], [alert(20, 21)]]


def test_its_identity_is_that_of_the_earliest_alert_as_long_as_it_is_in() -> None:
    first, second = alert(0, 1), alert(2, 3)
    assert [one.episode_id for one in episodes([second], GAP_S)] == [second.alert_id]
    assert [one.episode_id for one in episodes([second, first], GAP_S)] == [first.alert_id]
    assert [one.episode_id for one in episodes([alert(5, None), second, first], GAP_S)] == [first.alert_id]


def test_an_episode_is_open_while_one_alert_is_to_be_worked_and_is_as_serious_as_the_worst_of_those() -> None:
    closed = alert(0, 1, severity=Severity.BREACH, status=CaseStatus.CLOSED)
    (open_one,) = episodes([closed, alert(1, 2, severity=Severity.INFORMATION)], GAP_S)
    (closed_one,) = episodes([closed], GAP_S)
    assert (open_one.is_open, open_one.severity) == (True, Severity.INFORMATION)
    assert (closed_one.is_open, closed_one.severity) == (False, Severity.BREACH)


def test_open_ones_come_first_then_the_serious_then_those_that_wait_longest() -> None:
    closed = alert(0, 1, severity=Severity.BREACH, status=CaseStatus.CLOSED, person_id=1)
    old = alert(-500, None, severity=Severity.WARNING, person_id=2)
    new = alert(5, None, severity=Severity.WARNING, person_id=3)
    breach = alert(6, 7, severity=Severity.BREACH, person_id=4)
    found = by_urgency(episodes([closed, new, breach, old], GAP_S))
    assert [one.cause.person_id for one in found] == [4, 2, 3, 1]


@pytest.mark.parametrize(
    ("alerts", "zone", "said"),
    [
        ([alert(0, 1)], None, "not charging Saturday 2:10am to 3:10am, 1 alert"),
        ([alert(0, 34.5)], None, "not charging Saturday 2:10am to Sunday 12:40pm, 1 alert"),
        ([alert(-24 * 40, None)], None, "not charging since Monday 28 September 3:10am, 1 alert"),
        ([alert(-24 * 365, None)], None, "not charging since Friday 7 November 2025 2:10am, 1 alert"),
        (
            [alert(9.83, None, AlertKind.APPROACH_WARNING, zone_id=5)],
            "Market Square",
            "in or near Market Square since Saturday 11:59am, 1 alert",
        ),
        ([alert(22, None, AlertKind.STRAP_TAMPER)], None, "strap open since Sunday 12:10am, 1 alert"),
        (
            [alert(1, None, AlertKind.CURFEW_ABSENCE, zone_id=5)],
            None,
            "away from a zone since Saturday 3:10am, 1 alert",
        ),
    ],
)
def test_the_words(alerts: list[EpisodeAlert], zone: str | None, said: str) -> None:
    (found,) = episodes(alerts, GAP_S)
    assert words(found, zone, MONDAY, LONDON) == said


ANY_ALERT = st.builds(
    alert,
    began_h=st.integers(0, 200),
    ended_h=st.none(),
    kind=st.sampled_from((AlertKind.BATTERY_LOW, AlertKind.POWER_OFF, AlertKind.STRAP_TAMPER, AlertKind.INTAKE_DEAF)),
    person_id=st.sampled_from((None, 1, 2)),
    zone_id=st.none(),
    state=st.sampled_from((AlertState.ENDED, AlertState.ENDED, AlertState.RETRACTED)),
)


@st.composite
def weeks(draw: st.DrawFn) -> list[EpisodeAlert]:
    """Alerts of a week, most of them over."""
    made = draw(st.lists(ANY_ALERT, max_size=25, unique_by=lambda one: one.alert_id))
    lengths = draw(st.lists(st.one_of(st.integers(0, 30), st.none()), min_size=len(made), max_size=len(made)))
    return [_lasting(one, length) for one, length in zip(made, lengths, strict=True)]


def _lasting(one: EpisodeAlert, hours: int | None) -> EpisodeAlert:
    began_h = (one.began_us - SATURDAY) / HOUR_US
    state = AlertState.OPEN if hours is None and one.state is AlertState.ENDED else one.state
    ended_h = None if hours is None else began_h + hours
    return alert(began_h, ended_h, one.kind, person_id=one.person_id, state=state)


def oracle(alerts: Sequence[EpisodeAlert]) -> set[frozenset[uuid.UUID]]:
    """Each alert in an episode of its own, joined with every other of its cause that is near, until none is."""
    sets = [{one} for one in alerts if _counts(one)]
    while (near := next(((a, b) for a, b in combinations(sets, 2) if _are_near(a, b)), None)) is not None:
        first, second = near
        sets = [one for one in sets if one not in near] + [first | second]
    return {frozenset(member.alert_id for member in one) for one in sets}


def _counts(one: EpisodeAlert) -> bool:
    """It stands, or somebody has to work on it all the same."""
    return one.state is not AlertState.RETRACTED or one.status not in {CaseStatus.CLOSED, CaseStatus.RETRACTED}


def _are_near(one: set[EpisodeAlert], two: set[EpisodeAlert]) -> bool:
    return any(
        a.cause == b.cause
        and b.began_us >= a.began_us
        and (a.ended_us is None or b.began_us - a.ended_us <= GAP_S * SECOND_US)
        for a, b in [(a, b) for a in one for b in two] + [(b, a) for a in one for b in two]
    )


def as_sets(found: Sequence[Episode]) -> set[frozenset[uuid.UUID]]:
    return {frozenset(member.alert_id for member in one.alerts) for one in found}


@given(weeks())
def test_they_are_what_joining_one_by_one_gives(alerts: list[EpisodeAlert]) -> None:
    assert as_sets(episodes(alerts, GAP_S)) == oracle(alerts)


@given(st.data(), weeks())
def test_any_order_of_arrival_gives_the_same(data: st.DataObject, alerts: list[EpisodeAlert]) -> None:
    other = data.draw(st.permutations(alerts))
    assert by_urgency(episodes(other, GAP_S)) == by_urgency(episodes(alerts, GAP_S))


@given(weeks())
def test_every_alert_that_stands_is_in_exactly_one_of_its_own_cause(alerts: list[EpisodeAlert]) -> None:
    found = episodes(alerts, GAP_S)
    members = [member for one in found for member in one.alerts]
    assert sorted(one.alert_id for one in members) == sorted(one.alert_id for one in alerts if _counts(one))
    assert all(member.cause == one.cause for one in found for member in one.alerts)
    assert len({one.episode_id for one in found}) == len(found)


def test_only_the_services_own_alerts_have_nobody() -> None:
    (found,) = episodes([alert(0, None, AlertKind.INTAKE_DEAF, person_id=None)], GAP_S)
    assert (found.cause.person_id, found.cause.family) == (None, CauseFamily.SERVICE_DEAF)
