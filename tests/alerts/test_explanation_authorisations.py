"""What an officer reads of an authorised entry or absence: what lifted the zone, and what had ended before a breach."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from alerts.explanation import Explanation, explain
from model.authorisations import Authorisation
from model.enums import AlertKind, AlertState, ZoneKind
from model.explanations import AlertCase, GrantedAuthorisation
from model.policies import CURFEW, FAST
from model.times import SECOND_US
from model.zones import ZoneVersion
from tests.support.explained import START_US, Ping, alert_changes, case_of, zone

MINUTE_US = 60 * SECOND_US
INSIDE_FOR_AN_HOUR = [Ping(minute * 60, 20) for minute in range(0, 60, 5)]
DENTIST = GrantedAuthorisation(
    authorisation_id=4,
    begins_us=START_US - 30 * MINUTE_US,
    ends_us=START_US + 30 * MINUTE_US,
    lifts_until_us=START_US + 30 * MINUTE_US,
    purpose="dentist in Market Street",
    granted_by="the.practitioner",
    granted_us=START_US - 24 * 60 * MINUTE_US,
    revoked_us=None,
    revoked_by=None,
)
REVOKED_BEFORE = replace(
    DENTIST, lifts_until_us=DENTIST.begins_us, revoked_us=START_US - 40 * MINUTE_US, revoked_by="the.duty_officer"
)
GRANTED = (
    'from 2 March 2026 08:30:00+00:00 to 2 March 2026 09:30:00+00:00, for the purpose "dentist in Market Street",'
    " granted by the.practitioner at 1 March 2026 09:00:00+00:00."
)


def case(
    kind: AlertKind, granted: GrantedAuthorisation, stood: ZoneVersion, pings: Sequence[Ping] = INSIDE_FOR_AN_HOUR
) -> AlertCase:
    """The last that was told of the one alert of this kind, as detection found it under the authorisation."""
    lifts = Authorisation(4, stood.person_id or 0, stood.zone_id, granted.begins_us, granted.lifts_until_us)
    told = [one.alert for one in alert_changes(pings, stood, authorised=[lifts]) if one.alert.kind is kind]
    assert len({one.alert_id for one in told}) == 1
    return case_of(told[-1], stood, authorisations=(granted,))


def section(explanation: Explanation, heading: str) -> tuple[str, ...]:
    return next((one.paragraphs for one in explanation.sections if one.heading == heading), ())


def test_an_authorised_entry_names_what_lifted_the_zone() -> None:
    found = explain(case(AlertKind.AUTHORISED_ENTRY, DENTIST, zone(FAST)))
    assert section(found, "The authorisation") == (
        f"Authorised entry {GRANTED} It has not been revoked. It lifted the zone when this stay began.",
    )
    assert not any("had ended" in paragraph for paragraph in section(found, "What happened"))
    (one,) = found.authorisations
    assert (one.authorisation_id, one.purpose, one.lifts_until) == (4, "dentist in Market Street", one.ends_at)


def test_an_overstay_says_until_when_the_zone_was_lifted() -> None:
    found = explain(case(AlertKind.EXCLUSION_ZONE_BREACH, DENTIST, zone(FAST)))
    assert section(found, "What happened")[1] == ("The authorised entry until 2 March 2026 09:30:00+00:00 had ended.")
    assert section(found, "The authorisation") == (
        f"Authorised entry {GRANTED} It has not been revoked. It ended as this stay began.",
    )


def test_one_revoked_meanwhile_says_when_and_by_whom() -> None:
    revoked_us = START_US + 12 * MINUTE_US
    revoked = replace(DENTIST, lifts_until_us=revoked_us, revoked_us=revoked_us, revoked_by="the.duty_officer")
    entry = explain(case(AlertKind.AUTHORISED_ENTRY, revoked, zone(FAST)))
    breach = explain(case(AlertKind.EXCLUSION_ZONE_BREACH, revoked, zone(FAST)))
    said = f"Authorised entry {GRANTED} It was revoked at 2 March 2026 09:12:00+00:00 by the.duty_officer."
    assert section(entry, "The authorisation") == (f"{said} It lifted the zone when this stay began.",)
    assert section(breach, "The authorisation") == (f"{said} It had ended 3 min before this stay began.",)
    assert section(breach, "What happened")[1].startswith("The authorised entry until 2 March 2026 09:12:00+00:00 ")


def test_one_that_lifted_nothing_is_no_overstay() -> None:
    found = explain(case(AlertKind.EXCLUSION_ZONE_BREACH, REVOKED_BEFORE, zone(FAST)))
    assert section(found, "The authorisation")[0].endswith(
        " It was revoked at 2 March 2026 08:20:00+00:00 by the.duty_officer, before it began. It lifts nothing."
    )
    assert not any("had ended" in paragraph for paragraph in section(found, "What happened"))


def test_one_granted_after_the_fact_and_withdrawn_says_both() -> None:
    late_us = START_US + 300 * MINUTE_US
    late = replace(REVOKED_BEFORE, granted_us=late_us, revoked_us=late_us + MINUTE_US)
    found = explain(case(AlertKind.EXCLUSION_ZONE_BREACH, late, zone(FAST)))
    assert (
        "granted by the.practitioner at 2 March 2026 14:00:00+00:00, after this stay had begun."
        " It was revoked at 2 March 2026 14:01:00+00:00 by the.duty_officer, as one that was granted only after its"
        " end. It lifts nothing."
    ) in section(found, "The authorisation")[0]


def test_what_is_not_judged_anew_yet_is_no_overstay() -> None:
    """One of the past was granted just now: the alert is still the breach that it was told as."""
    one = case(AlertKind.EXCLUSION_ZONE_BREACH, DENTIST, zone(FAST))
    begins_us, ends_us = DENTIST.ends_us, DENTIST.ends_us + 60 * MINUTE_US
    prolonged = replace(DENTIST, begins_us=begins_us, ends_us=ends_us, lifts_until_us=ends_us)
    found = explain(replace(one, authorisations=(DENTIST, prolonged)))
    assert not any("had ended" in paragraph for paragraph in section(found, "What happened"))
    assert section(found, "The authorisation")[1].endswith("It covers the time when this stay began.")


def test_a_breach_before_its_beginning_says_so() -> None:
    later = replace(DENTIST, begins_us=START_US + 15 * MINUTE_US)
    found = explain(case(AlertKind.EXCLUSION_ZONE_BREACH, later, zone(FAST), INSIDE_FOR_AN_HOUR[:4]))
    assert section(found, "The authorisation")[0].endswith("It began 15 min after this stay.")


@pytest.mark.parametrize("kind", [ZoneKind.CURFEW, ZoneKind.INCLUSION])
def test_of_a_zone_that_watches_absence_it_is_an_absence(kind: ZoneKind) -> None:
    away = [Ping(minute * 60, 900) for minute in range(0, 60, 5)]
    found = explain(case(AlertKind.AUTHORISED_ABSENCE, DENTIST, zone(CURFEW, kind), away))
    assert section(found, "The authorisation")[0].startswith(f"Authorised absence {GRANTED}")


def test_times_are_london_s_in_summer_too() -> None:
    summer_us = 120 * 24 * 60 * MINUTE_US
    moved = replace(DENTIST, begins_us=DENTIST.begins_us + summer_us, ends_us=DENTIST.ends_us + summer_us)
    one = case(AlertKind.AUTHORISED_ENTRY, DENTIST, zone(FAST))
    found = explain(replace(one, authorisations=(moved,)))
    assert "Authorised entry from 30 June 2026 09:30:00+01:00 to 30 June 2026 10:30:00+01:00" in (
        found.authorisations[0].in_words
    )


def test_one_that_is_not_to_be_read_is_said_to_be_so() -> None:
    found = explain(replace(case(AlertKind.AUTHORISED_ENTRY, DENTIST, zone(FAST)), authorisations=()))
    assert section(found, "The authorisation") == (
        "The authorisation that lifted the zone is not kept any more, or is not shown to you.",
    )


def test_evidence_of_another_shape_still_names_it() -> None:
    one = case(AlertKind.AUTHORISED_ENTRY, DENTIST, zone(FAST))
    found = explain(replace(one, alert=replace(one.alert, evidence={"entry": {"lat": 51.5}}, state=AlertState.OPEN)))
    assert found.zone is None
    assert section(found, "The authorisation")[0].startswith(f"Authorised entry {GRANTED}")


def test_nothing_is_said_where_there_was_none() -> None:
    one = case(AlertKind.EXCLUSION_ZONE_BREACH, DENTIST, zone(FAST))
    found = explain(replace(one, authorisations=()))
    assert section(found, "The authorisation") == ()
    assert section(found, "What happened")[1].startswith("It goes on")
