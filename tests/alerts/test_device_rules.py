"""Alerts of devices as their rules say, row by row."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.commands import commands_of_episode
from alerts.device_episodes import episodes
from alerts.device_rules import OF_EVENTS, SilenceLimits, asks_for_fix, is_due, judge_silence, reconcile
from model.alerts import Alert, AlertChange
from model.device_events import DeviceEvent
from model.enums import AlertKind, AlertState, Severity, Urgency
from model.watching import Heard, IntakeState, Worn
from tests.alerts.test_device_episodes import EVENTS
from tests.support.device_events import BATTERY, WEARING, at, event, heard

SILENCE = SilenceLimits(no_communication_s=29 * 60, no_fix_s=59 * 60, heard_every_s=60)
"""Thirty minutes and an hour, with the minute for which what was heard is not written."""
DEAF = IntakeState(None, at(100), at(100), None)


def alive(since: float, through: float) -> IntakeState:
    return IntakeState(at(since), at(through), None, None)


def worn(
    found: Heard,
    alerts: dict[AlertKind, Alert] | None = None,
    *,
    at_beacon: bool = False,
    beacon_seen: float | None = None,
) -> Worn:
    seen_us = None if beacon_seen is None else at(beacon_seen)
    return Worn(1, 2, 3, at(0), found, at_beacon, seen_us, alerts or {})


def told(changes: Sequence[AlertChange]) -> list[tuple[str, str]]:
    return [(change.kind.value, change.alert.kind.value) for change in changes]


@pytest.mark.parametrize(
    ("found", "intake", "expected"),
    [
        (heard(10, 10), alive(0, 39), []),
        (heard(10, 10), alive(0, 40), ["no_communication"]),
        (heard(10, 10), alive(20, 49), []),  # we could not hear before
        (heard(10, 10), alive(20, 50), ["no_communication"]),
        (heard(10, 10), DEAF, []),
        (heard(), alive(0, 29), []),  # never heard: from when it was put on
        (heard(), alive(0, 30), ["no_communication"]),
        (heard(69, 10), alive(0, 69), []),
        (heard(70, 10), alive(0, 70), ["no_fix"]),
        (heard(70, 10), alive(11, 70), []),
        (heard(70, 10), DEAF, []),
        (heard(60, 10), alive(0, 75), []),  # silent for a while: no fix is not what is the matter
        (heard(60, None), alive(0, 60), ["no_fix"]),
    ],
)
def test_silence(found: Heard, intake: IntakeState, expected: list[str]) -> None:
    changes = judge_silence(worn(found), intake, at(100), SILENCE)
    assert told(changes) == [("raised", kind) for kind in expected]


def test_at_the_home_beacon_a_tag_needs_no_fix() -> None:
    at_home = worn(heard(200, 10), at_beacon=True, beacon_seen=11)
    assert judge_silence(at_home, alive(0, 200), at(200), SILENCE) == []
    left = worn(heard(200, 10), at_beacon=False, beacon_seen=141)
    assert judge_silence(left, alive(0, 200), at(200), SILENCE) == []
    long_left = worn(heard(200, 10), at_beacon=False, beacon_seen=140)
    assert told(judge_silence(long_left, alive(0, 200), at(200), SILENCE)) == [("raised", "no_fix")]


def test_an_alert_of_silence_lasts_until_the_tag_is_heard() -> None:
    (raised,) = judge_silence(worn(heard(10, 10)), alive(0, 40), at(40), SILENCE)
    alerts = {AlertKind.NO_COMMUNICATION: raised.alert}
    assert raised.alert.began_us == at(10)
    assert (raised.alert.severity, raised.alert.urgency) == (Severity.WARNING, Urgency.IMMEDIATE)
    assert judge_silence(worn(heard(10, 10), alerts), alive(50, 55), at(55), SILENCE) == []  # ours meanwhile: it lasts
    (over,) = judge_silence(worn(heard(56, 10), alerts), alive(50, 57), at(57), SILENCE)
    assert (over.kind.value, over.alert.state, over.alert.ended_us) == ("ended", AlertState.ENDED, at(56))


def test_the_tag_is_asked_for_a_fix_at_half_the_time() -> None:
    assert not asks_for_fix(worn(heard(39, 10)), alive(0, 39), SILENCE)
    assert asks_for_fix(worn(heard(40, 10)), alive(0, 40), SILENCE)
    assert not asks_for_fix(worn(heard(40, 10)), DEAF, SILENCE)


class Ledger:
    """Alerts of one activation as rounds of the watch leave them."""

    def __init__(self) -> None:
        self.alerts: dict[UUID, Alert] = {}
        self.told: list[tuple[str, str]] = []

    def judge(self, events: Sequence[DeviceEvent], intake: IntakeState) -> list[AlertChange]:
        found = episodes(events, BATTERY)
        due = [one for one in found if is_due(one, intake, BATTERY)]
        pending = [one for one in found if one not in due and one.ended_us is None]
        changes = reconcile(WEARING, due, pending, list(self.alerts.values()), {})
        for change in changes:
            self.alerts[change.alert.alert_id] = change.alert
        self.told += told(changes)
        return changes

    def standing(self) -> set[tuple[AlertKind, int, int | None]]:
        return {
            (alert.kind, alert.began_us, alert.ended_us)
            for alert in self.alerts.values()
            if alert.state is not AlertState.RETRACTED
        }


def test_a_low_battery_reaches_staff_when_it_was_left_uncharged() -> None:
    ledger, low = Ledger(), [event("battery_low", 1)]
    assert ledger.judge(low, alive(0, 120)) == []
    (raised,) = ledger.judge(low, alive(0, 121))
    assert (raised.alert.severity, raised.alert.urgency) == (Severity.INFORMATION, Urgency.MORNING)
    assert ledger.judge(low, DEAF) == []  # staff were told, and it lasts
    assert ledger.judge(low, alive(200, 201)) == []
    assert told(ledger.judge([*low, event("charging_started", 210)], alive(200, 211))) == [("ended", "battery_low")]


def test_a_charge_that_is_told_late_takes_the_alert_back() -> None:
    ledger, low = Ledger(), [event("battery_low", 1)]
    ledger.judge(low, alive(0, 121))
    changes = ledger.judge([*low, event("charging_started", 60)], alive(0, 125))
    assert told(changes) == [("retracted", "battery_low")]


def test_a_cut_that_is_known_late_and_over_goes_to_the_morning_list() -> None:
    changes = Ledger().judge([event("strap_tamper", 5), event("strap_restored", 6)], alive(0, 100))
    assert [(change.kind.value, change.alert.urgency) for change in changes] == [
        ("raised", Urgency.MORNING),
        ("ended", Urgency.MORNING),
    ]


def test_an_end_that_late_data_takes_away_reopens_the_alert_as_live() -> None:
    ledger = Ledger()
    over = [event("strap_tamper", 5), event("strap_restored", 6)]
    ledger.judge(over, alive(0, 100))
    (change,) = ledger.judge([over[0]], alive(0, 100))
    assert (change.kind.value, change.alert.urgency) == ("reopened", Urgency.IMMEDIATE)


def test_an_earlier_beginning_amends_the_alert_and_keeps_it() -> None:
    ledger = Ledger()
    (raised,) = ledger.judge([event("strap_tamper", 5)], alive(0, 100))
    (amended,) = ledger.judge([event("strap_tamper", 5), event("strap_tamper", 3)], alive(0, 100))
    assert (amended.kind.value, amended.alert.began_us) == ("amended", at(3))
    assert amended.alert.alert_id == raised.alert.alert_id


@given(EVENTS, st.lists(st.integers(0, 14), max_size=4))
def test_late_events_end_in_the_alerts_that_timely_ones_give(events: list[DeviceEvent], cuts: list[int]) -> None:
    """However the events are cut into rounds, and in whichever order they come."""
    intake = alive(0, 1000)
    at_once, in_rounds = Ledger(), Ledger()
    at_once.judge(events, intake)
    for cut in sorted(cuts):
        in_rounds.judge(events[:cut], intake)
    in_rounds.judge(events, intake)
    assert in_rounds.standing() == at_once.standing()
    assert in_rounds.judge(events, intake) == []  # nothing is told twice


@pytest.mark.parametrize("kind", [kind for kind in OF_EVENTS if kind is not AlertKind.POWER_OFF])
def test_the_wearer_hears_and_no_text_names_a_zone(kind: AlertKind) -> None:
    (episode,) = [one for one in episodes([event(str(kind), 1)], BATTERY) if one.kind is kind]
    vibrate, text = commands_of_episode(3, episode, at(2))
    assert (vibrate.kind.value, vibrate.text) == ("vibrate", None)
    assert text.kind.value == "text"
    assert text.text in {"Your tag needs charging.", "Please contact your probation practitioner."}
    assert commands_of_episode(3, episode, at(3))[0].command_id == vibrate.command_id
