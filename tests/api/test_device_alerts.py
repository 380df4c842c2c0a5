"""Alerts of devices, and our own, beside those of zones."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from access.roles import Role
from model.alerts import Alert, AlertChange
from model.enums import AlertChangeKind, AlertKind, AlertState, Severity, Urgency
from model.times import to_microseconds
from store.alert_events import list_events
from store.alert_writes import write_alerts
from store.database import SERVICE, set_identity
from store.heard import HeardRow, write_heard
from tests.support.api_server import RunningApi
from tests.support.seed import MORNING, Wearer, as_owner

SILENT_SINCE = MORNING + timedelta(minutes=10)


def alert(kind: AlertKind, wearer: Wearer | None, urgency: Urgency = Urgency.IMMEDIATE) -> Alert:
    began_us = to_microseconds(SILENT_SINCE)
    return Alert(
        alert_id=uuid.uuid4(),
        kind=kind,
        severity=Severity.WARNING,
        urgency=urgency,
        state=AlertState.OPEN,
        person_id=None if wearer is None else wearer.person_id,
        activation_id=None if wearer is None else wearer.activation_id,
        zone_id=None,
        zone_version=None,
        visit_id=None,
        began_us=began_us,
        last_evidence_us=began_us,
        ended_us=None,
        received_us=began_us,
        evidence={"rule": "test"},
    )


@pytest.fixture
def silent(fresh_api: RunningApi) -> RunningApi:
    """The practitioner's own wearer is silent and has a flat battery, and the intake was deaf."""
    api = fresh_api
    with as_owner(api.urls.owner) as cursor:
        write_heard(cursor, [HeardRow(api.own.device_id, to_microseconds(SILENT_SINCE), None, None, None)])
        alerts = [
            alert(AlertKind.NO_COMMUNICATION, api.own),
            alert(AlertKind.BATTERY_LOW, api.own, Urgency.MORNING),
            alert(AlertKind.INTAKE_DEAF, None),
        ]
        write_alerts(cursor, [AlertChange(AlertChangeKind.RAISED, one) for one in alerts], [])
    return api


def listed(api: RunningApi, role: Role, query: str = "") -> list[dict[str, Any]]:
    answer = api.get(role, f"/v1/alerts{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["alerts"]
    return found


def test_a_wearer_last_seen_in_a_zone_and_then_silent_is_listed_as_exactly_that(silent: RunningApi) -> None:
    alerts = {one["alert_id"]: one for one in listed(silent, Role.DUTY_OFFICER)}
    own = alerts[silent.own_alert]
    assert (own["kind"], own["state"]) == ("exclusion_zone_breach", "open")
    assert own["silent_since"] == own["last_heard_at"] == "2026-03-02T09:10:00Z"
    assert (alerts[silent.other_alert]["silent_since"], alerts[silent.other_alert]["last_heard_at"]) == (None, None)
    one = silent.get(Role.DUTY_OFFICER, f"/v1/alerts/{silent.own_alert}").json()
    assert one["silent_since"] == "2026-03-02T09:10:00Z"


def test_alerts_without_a_zone_or_a_person_are_listed_and_read(silent: RunningApi) -> None:
    newest = listed(silent, Role.DUTY_OFFICER)[:3]
    assert [(one["kind"], one["zone"], one["visit_id"]) for one in newest] == [
        ("intake_deaf", None, None),
        ("battery_low", None, None),
        ("no_communication", None, None),
    ]
    assert newest[0]["person"] is None
    assert newest[1]["person"]["crn"] == "X100001"
    assert silent.get(Role.DUTY_OFFICER, f"/v1/alerts/{newest[0]['alert_id']}").json()["evidence"] == {"rule": "test"}


def test_an_alert_of_nobody_is_seen_by_those_who_see_everyone(silent: RunningApi) -> None:
    deaf = listed(silent, Role.DUTY_OFFICER, "?kind=intake_deaf")[0]["alert_id"]
    kinds = [one["kind"] for one in listed(silent, Role.PRACTITIONER)]
    assert kinds == ["battery_low", "no_communication", "exclusion_zone_breach"]
    assert silent.get(Role.PRACTITIONER, f"/v1/alerts/{deaf}").status_code == 404
    assert silent.get(Role.MANAGER, f"/v1/alerts/{deaf}").status_code == 200


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("?urgency=morning", ["battery_low"]),
        ("?severity=warning&urgency=immediate", ["intake_deaf", "no_communication"]),
        ("?kind=no_communication", ["no_communication"]),
        ("?kind=power_off", []),
    ],
)
def test_filters(silent: RunningApi, query: str, kinds: list[str]) -> None:
    assert [one["kind"] for one in listed(silent, Role.DUTY_OFFICER, query)] == kinds


def test_filters_stay_with_the_next_page(silent: RunningApi) -> None:
    first = silent.get(Role.DUTY_OFFICER, "/v1/alerts?severity=warning&limit=1").json()
    second = silent.get(Role.DUTY_OFFICER, first["next"]).json()
    assert [one["kind"] for one in second["alerts"]] == ["battery_low"]
    assert silent.get(Role.DUTY_OFFICER, "/v1/alerts?kind=nonsense").status_code == 422


def test_the_stream_tells_them_to_those_who_see_everyone(silent: RunningApi) -> None:
    def told(role: Role) -> list[str]:
        url = "/v1/alerts/stream"
        with silent.client(role) as client, client.stream("GET", url, headers={"Last-Event-ID": "0"}) as lines:
            found = []
            for line in lines.iter_lines():
                if line.startswith("data: {"):
                    found.append(line.split('"kind":"')[1].split('"')[0])
                if "battery_low" in line and role is Role.PRACTITIONER:
                    break
                if "intake_deaf" in line:
                    break
        return found

    assert told(Role.PRACTITIONER) == ["exclusion_zone_breach", "no_communication", "battery_low"]
    assert told(Role.DUTY_OFFICER)[-1] == "intake_deaf"


def test_an_event_says_how_its_change_left_the_alert(silent: RunningApi) -> None:
    with as_owner(silent.urls.owner) as cursor:
        set_identity(cursor, SERVICE)
        events = list_events(cursor, 0, 100)
    assert [(one.kind, one.state, one.zone_name, one.crn) for one in events][-1] == ("intake_deaf", "open", None, None)
