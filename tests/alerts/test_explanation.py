"""What an officer reads of an alert, case by case."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import time
from uuid import UUID

import pytest

from alerts.explanation import Explanation, explain
from alerts.explanation.documents import ConfirmingRule
from model import policies
from model.alerts import Alert
from model.enums import (
    AlertChangeKind,
    AlertKind,
    AlertState,
    Mechanism,
    PositionFlag,
    Severity,
    Urgency,
    ZoneKind,
)
from model.explanations import AlertCase, DeviceTrouble, LapsedStay, LoggedChange
from model.schedules import DailyWindow, Schedule, Weekday, WeeklyWindow
from model.times import SECOND_US
from model.zones import ZoneVersion
from tests.support.explained import START_US, Ping, alert_changes, case_of, zone
from tests.support.policies import BUFFERED

STEADY = replace(policies.STEADY, for_probability=0.75)
CURFEW = replace(policies.CURFEW, confirm_count=3)
"""As the texts below name them, whatever the presets are tuned to."""

DAYTIME = Schedule("Europe/London", (WeeklyWindow(frozenset(Weekday), DailyWindow(time(8, 50), time(17))),))
OTHER = UUID(int=9)


def case(
    pings: Sequence[Ping],
    stood: ZoneVersion,
    kind: AlertKind = AlertKind.EXCLUSION_ZONE_BREACH,
    preset: str = "steady",
    **changed: object,
) -> AlertCase:
    """The last that was told of the one alert of this kind."""
    told = [one.alert for one in alert_changes(pings, stood) if one.alert.kind is kind]
    assert len({one.alert_id for one in told}) == 1
    return case_of(told[-1], stood, preset, **changed)


def section(explanation: Explanation, heading: str) -> tuple[str, ...]:
    return next(one.paragraphs for one in explanation.sections if one.heading == heading)


COMPANY = [
    Ping(0, 148),
    Ping(30, 120),
    Ping(60, 60, 900, Mechanism.LBS),
    Ping(90, 120, 400),
    Ping(120, 100, delay_s=2820),
]


def test_one_deep_position_confirms_alone_where_the_zone_says_so() -> None:
    found = explain(case([Ping(0, 300), Ping(60, 78)], zone(BUFFERED), preset="fast"))
    assert found.rule.confirmed_by is ConfirmingRule.ONE_ALONE
    assert found.rule.in_words == (
        "One position alone: probability over 0.999, and 0.99 is enough; 72 m deep, and 50 m is enough."
    )
    assert found.why_not_sooner == ("The first position that spoke for it was enough: nothing before it did.",)
    assert section(found, "How sure")[0] == (
        "By the confirming position it is almost certain (over 0.999) that the wearer was inside the zone."
    )


def test_company_names_what_each_position_lacked() -> None:
    found = explain(case(COMPANY, zone(STEADY)))
    assert found.rule.confirmed_by is ConfirmingRule.COMPANY
    assert found.rule.in_words == (
        "2 positions in company within 90 s, each of probability 0.75 or more. The zone asks for 2 such positions,"
        " and no more than 15 min from one that speaks for it to the next."
    )
    assert [one.counted_for for one in found.positions] == [
        "speaks for it and could not confirm yet: number 1 of the 2 needed",
        "hints against it, and cannot decide: a cell tower fix never confirms",
        "decided nothing: probability 0.250 is below 0.75",
        "confirmed it, as number 2 of those that decide",
    ]
    assert found.why_not_sooner[-2:] == (
        "The position of 2 March 2026 09:01:30+00:00 decided nothing: probability 0.250 is below 0.75.",
        (
            "The confirming position was taken at 2 March 2026 09:02:00+00:00; the tag uploaded it 47 min later,"
            " at 2 March 2026 09:49:00+00:00."
        ),
    )


def test_a_position_is_one_line_with_all_that_it_says() -> None:
    found = explain(case(COMPANY, zone(STEADY)))
    assert found.positions[-1].in_words == (
        "2 March 2026 09:02:00+00:00: GPS, within 8 m, 50 m inside, probability over 0.999 of being inside the zone,"
        " uploaded 47 min after it was taken; confirmed it, as number 2 of those that decide."
    )
    assert found.nearest is not None
    assert found.nearest.place == "50 m inside"


@pytest.mark.parametrize(
    ("hint", "reason"),
    [
        (Ping(30, 0, 150, Mechanism.WIFI), "a Wi-Fi fix never confirms"),
        (Ping(30, 0, 160, flags=PositionFlag.POOR_ACCURACY), "its accuracy is too poor"),
        (
            Ping(1, -140, flags=PositionFlag.IMPLIED_SPEED),
            "nobody can have got there so fast from the position before (implied speed)",
        ),
    ],
)
def test_a_hint_says_why_it_is_no_more(hint: Ping, reason: str) -> None:
    found = explain(case([Ping(0, 110), hint, Ping(60, 100)], zone(STEADY)))
    assert found.positions[1].counted_for == f"can only hint: {reason}"
    assert f"{reason}." in found.why_not_sooner[1]


def test_the_nearest_is_never_no_more_than_a_hint() -> None:
    found = explain(case([Ping(0, 110), Ping(30, 0, 90, Mechanism.WIFI), Ping(60, 100)], zone(STEADY)))
    assert found.nearest is not None
    assert found.nearest.counted_for == "the deepest of those that speak for it and can confirm"
    assert found.nearest.depth_m < 100, "not the Wi-Fi fix in the middle, which is no more than a hint"


def test_accuracy_that_is_not_stated_is_said_with_what_it_is_taken_for() -> None:
    found = explain(case([Ping(0, 20, None), Ping(60, 20, 0)], zone(STEADY)))
    assert [one.accuracy_m for one in found.positions] == [None, None]
    assert "accuracy not stated (taken as 30 m), 130 m inside" in found.positions[1].in_words


def test_hours_that_had_just_begun_are_a_reason() -> None:
    found = explain(case([Ping(-900, 100), Ping(0, 100), Ping(60, 100)], zone(STEADY, schedule=DAYTIME)))
    assert found.why_not_sooner[0] == (
        "The zone's hours began at 2 March 2026 08:50:00+00:00: what was before is not held against the wearer."
    )
    assert section(found, "The zone as it stood")[2] == (
        "In force every day 08:50 to 17:00 (Europe/London)."
        " The window of this alert: 2 March 2026 08:50:00+00:00 to 2 March 2026 17:00:00+00:00."
    )


def test_a_sign_that_came_to_nothing_is_a_reason() -> None:
    lapsed = LapsedStay(START_US - 1000 * SECOND_US, START_US - 960 * SECOND_US, 1)
    found = explain(case([Ping(0, 100), Ping(60, 100)], zone(STEADY), lapsed=(lapsed,)))
    assert found.why_not_sooner[0].startswith("An earlier sign at 2 March 2026 08:43:20+00:00 (1 position, ")


def test_a_crossing_is_called_inferred() -> None:
    found = explain(case([Ping(0, -400), Ping(40, 400)], zone(STEADY), AlertKind.INFERRED_CROSSING))
    assert found.rule.confirmed_by is ConfirmingRule.CROSSING
    assert found.rule.in_words.startswith("Inferred, not observed: the positions of 2 March 2026 09:00:00+00:00 and ")
    assert "40 s apart (at most 3 min)" in found.rule.in_words
    assert found.nearest is not None
    assert "a place on the straight way between two positions" in found.nearest.in_words
    assert section(found, "How sure")[0].startswith("No position lies inside")


def test_an_approach_is_weighed_against_the_buffer() -> None:
    found = explain(case([Ping(0, 400), Ping(60, 200)], zone(BUFFERED), AlertKind.APPROACH_WARNING, "fast"))
    assert found.rule.in_words == "One position alone: probability over 0.999, and 0.95 is enough."
    assert "50 m outside, probability over 0.999 of being within 100 m of the zone" in found.positions[0].in_words


def test_an_absence_is_of_being_outside() -> None:
    away = [Ping(minute * 300, 400) for minute in range(4)]
    found = explain(case(away, zone(CURFEW, ZoneKind.CURFEW), AlertKind.CURFEW_ABSENCE, "curfew"))
    assert found.positions[1].counted_for == (
        "speaks for it and could not confirm yet: number 2 of the 3 needed and 5 min of the 10 min needed had passed"
    )
    assert found.positions[-1].p_stay == 1.0
    assert found.positions[-1].p_inside == 0.0
    assert "The farthest that the wearer went" in [one.heading for one in found.sections]


def test_a_stay_that_ended_says_when_and_why() -> None:
    found = explain(case([Ping(0, 100), Ping(60, 100), Ping(120, 500)], zone(STEADY)))
    assert found.state is AlertState.ENDED
    assert found.ending == (
        "It ended at 2 March 2026 09:02:00+00:00: the first position that is no longer inside the zone has that time."
    )


def test_who_was_last_seen_inside_and_is_silent_is_said_to_be_just_that() -> None:
    silent = DeviceTrouble(OTHER, AlertKind.NO_COMMUNICATION, START_US + 120 * SECOND_US)
    found = explain(case([Ping(0, 100), Ping(60, 100)], zone(STEADY), troubles=(silent,), last_heard_us=START_US))
    assert found.ending == (
        "The wearer was last seen inside the zone at 2 March 2026 09:01:00+00:00"
        " (the tag was last heard at 2 March 2026 09:00:00+00:00), and no position has ended it since."
        " The tag has not been heard since 2 March 2026 09:02:00+00:00. Silence is neither breach nor compliance."
    )


def test_later_changes_keep_the_old_values_readable() -> None:
    before = {"began_at": "2026-03-02T09:00:00+00:00", "kind": "inferred_crossing", "ended_at": None}
    after = {**before, "began_at": "2026-03-02T08:58:00+00:00", "kind": "exclusion_zone_breach"}
    changes = (
        LoggedChange(AlertChangeKind.UPGRADED, Urgency.IMMEDIATE, START_US, before, after),
        LoggedChange(AlertChangeKind.RETRACTED, Urgency.MORNING, START_US + 60 * SECOND_US, after, after),
    )
    stood = case([Ping(0, 100), Ping(60, 100)], zone(STEADY), changes=changes, updates=3, merged_into=OTHER)
    found = explain(replace(stood, alert=replace(stood.alert, state=AlertState.RETRACTED)))
    assert section(found, "What was said of it, and when") == (
        (
            "2 March 2026 09:00:00+00:00: Upgraded: what became known later made it more serious or more urgent"
            " (its beginning was 2 March 2026 09:00:00+00:00 and is now 2 March 2026 08:58:00+00:00;"
            " its kind was inferred crossing and is now exclusion zone breach). Staff were told at once."
        ),
        (
            "2 March 2026 09:01:00+00:00: Retracted: later data says otherwise; the stay is part of the alert"
            f" {OTHER}. Staff were told on the morning list."
        ),
        "Brought up to date 3 times as it went on.",
    )
    assert "RETRACTED" in found.headline


def test_a_stay_over_an_edit_is_explained_by_the_version_of_each_position() -> None:
    strict = replace(zone(replace(STEADY, confirm_count=5)), valid_to_us=START_US + 45 * SECOND_US)
    edited = replace(zone(STEADY), version=2, valid_from_us=START_US + 45 * SECOND_US)
    one = case([Ping(0, 100), Ping(60, 100)], zone(STEADY))
    versions = tuple(replace(one.versions[0], version=stood) for stood in (strict, edited))
    found = explain(replace(one, versions=versions))
    assert found.positions[0].counted_for.endswith("number 1 of the 5 needed")
    assert "The zone asks for 2 such positions" in found.rule.in_words


def test_an_alert_of_the_plain_dot_still_explains() -> None:
    """As the first release wrote it: no probabilities, verdicts or trail."""
    one = case([Ping(0, 100), Ping(60, 100)], zone(STEADY))
    kept = ("device_id", "fix_time", "received_at", "lat", "lon", "accuracy_m", "mechanism", "depth_m", "flags")
    dots = {
        name: {key: one.alert.evidence["positions"][name][key] for key in kept}
        for name in ("entry", "deepest", "latest")
    }
    evidence = {"rule": "plain dot", "rule_version": 1, "zone_version": 1, "positions_inside": 2, "positions": dots}
    found = explain(replace(one, alert=replace(one.alert, evidence=evidence)))
    assert found.rule.confirmed_by is ConfirmingRule.PLAIN_DOT
    assert not found.rule.is_current
    assert found.positions[0].p_inside is None
    assert "did not weigh accuracy" in section(found, "How sure")[0]


def device_alert(kind: AlertKind, evidence: Mapping[str, object]) -> Alert:
    return Alert(
        OTHER, kind, Severity.WARNING, Urgency.IMMEDIATE, AlertState.OPEN, 5, 7, None, None, None,
        START_US, START_US, None, START_US, evidence,
    )  # fmt: skip


def test_silence_is_explained_by_its_facts_and_limits() -> None:
    evidence = {
        "rule": "device",
        "rule_version": 1,
        "facts": {
            "last_heard_at": "2026-07-02T09:00:00+00:00",
            "battery_pct": 12.0,
            "at_beacon": False,
            "last_fix_at": None,
        },
        "limits": {"no_communication_s": 1800.0},
    }
    stood = zone()
    found = explain(replace(case_of(device_alert(AlertKind.NO_COMMUNICATION, evidence), stood), versions=()))
    assert section(found, "The facts") == (
        "Last heard: 2 July 2026 10:00:00+01:00.",
        "Battery: 12 %.",
        "At beacon: no.",
        "Last fix: not known.",
    )
    assert section(found, "The limits") == ("No communication: 30 min.",)
    assert "Silence is neither breach nor compliance." in section(found, "What happened")
    assert found.zone is None


def test_our_own_deafness_is_nobody_s() -> None:
    evidence = {"rule": "intake-1", "reason": "no_heartbeat", "limits": {"deaf_after_s": 90.0}}
    deaf = replace(device_alert(AlertKind.INTAKE_DEAF, evidence), person_id=None, activation_id=None)
    found = explain(replace(case_of(deaf, zone()), versions=(), person=None))
    assert found.headline == "Our own intake was deaf: no tag could be heard. The alert is open."
    assert section(found, "The facts") == ("Reason: no heartbeat.",)
