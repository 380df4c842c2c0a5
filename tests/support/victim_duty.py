"""Rounds of the duty process for victims, and what they leave."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, time
from typing import Any

from alerts.casework_rules import default_rules
from alerts.victim_duty import keep_victim_tasks, watch_victim_zones
from model.casework_rules import CaseworkRules, OfficeHours
from model.schedules import Weekday
from store.clock import service_now
from store.database import Cursor, connect
from tests.support.seed import Wearer, as_owner, seed_alert
from tests.support.victims import CHOICE, LiaisonOffice, LinkedZone

EVERY_DAY = tuple(day.word for day in Weekday)
IN_HOURS = replace(
    default_rules(),
    victim_zone_steady_s=0,
    office_hours=OfficeHours("Europe/London", EVERY_DAY, time(), time(23, 59, 59)),
)
OUT_OF_HOURS = replace(IN_HOURS, office_hours=OfficeHours("Europe/London", EVERY_DAY, time(), time(0, 0, 1)))


@contextmanager
def on_duty(office: LiaisonOffice) -> Iterator[tuple[Cursor, datetime]]:
    """A round of its own connection under the worker's role, as after a restart."""
    connection = connect(office.api.urls.worker, "test-duty")
    with closing(connection), connection, connection.cursor() as cursor:
        yield cursor, service_now(cursor)


def watch(office: LiaisonOffice, rules: CaseworkRules = IN_HOURS) -> int:
    with on_duty(office) as (cursor, now):
        return watch_victim_zones(cursor, now, rules)


def keep(office: LiaisonOffice) -> int:
    with on_duty(office) as (cursor, now):
        return keep_victim_tasks(cursor, now, IN_HOURS)


def notices(office: LiaisonOffice) -> list[tuple[str, str, str, dict[str, Any]]]:
    with as_owner(office.api.urls.owner) as cursor:
        cursor.execute("SELECT recipient, channel, template, detail FROM notices ORDER BY notice_id")
        return cursor.fetchall()


def shown(office: LiaisonOffice, linked: LinkedZone) -> tuple[str, list[str]]:
    answer = office.call("GET", f"/v1/victims/{linked.victim_id}/zones")
    (zone,) = answer.json()["zones"]
    return zone["state"], [one["code"] for one in zone["reasons"]]


def tasks(office: LiaisonOffice) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = office.call("GET", "/v1/victim-tasks").json()["tasks"]
    return found


def execute(office: LiaisonOffice, statement: str, *values: object) -> None:
    with as_owner(office.api.urls.owner) as cursor:
        cursor.execute(statement, values)


def choose(office: LiaisonOffice, victim_id: int, **values: object) -> None:
    """Long ago, so that what the test does comes after it."""
    whole_day = {"hours_from": "00:00", "hours_to": "23:59", "at_night": True}
    answer = office.call("PUT", f"/v1/victims/{victim_id}/choices", CHOICE | whole_day | values)
    assert answer.status_code == 200, answer.text


def breach(office: LiaisonOffice, linked: LinkedZone) -> str:
    wearer = Wearer(linked.person_id, linked.device_id, linked.activation_id)
    with as_owner(office.api.urls.owner) as cursor:
        alert_id = seed_alert(cursor, wearer, linked.zone_id, service_now(cursor))
    return str(alert_id)


def close_as(office: LiaisonOffice, alert_id: str, outcome: str, is_breach: bool) -> None:
    change_case(
        office,
        alert_id,
        "close",
        "status = 'closed', closed_at = service_clock(), closed_by = 'x', outcome = %s, outcome_is_breach = %s",
        (outcome, is_breach),
    )


def reopen(office: LiaisonOffice, alert_id: str) -> None:
    emptied = "closed_at = NULL, closed_by = NULL, outcome = NULL, outcome_is_breach = NULL"
    change_case(office, alert_id, "reopen", f"status = 'reopened', {emptied}")


def change_case(
    office: LiaisonOffice, alert_id: str, action: str, setting: str, values: tuple[object, ...] = ()
) -> None:
    """As casework leaves it: what was done, and the case."""
    with as_owner(office.api.urls.owner) as cursor:
        cursor.execute(
            "INSERT INTO alert_actions (alert_id, case_version, action, acted_by, acted_at)"
            " SELECT alert_id, version + 1, %s, 'x', service_clock() FROM alert_cases WHERE alert_id = %s",
            (action, alert_id),
        )
        cursor.execute(
            f"UPDATE alert_cases SET version = version + 1, {setting} WHERE alert_id = %s", (*values, alert_id)
        )


def settle_told(office: LiaisonOffice, task_id: int) -> None:
    with as_owner(office.api.urls.owner) as cursor:
        now = service_now(cursor).isoformat()
    answer = office.call("POST", f"/v1/victim-tasks/{task_id}/told", {"told_at": now, "told_how": "phone"})
    assert answer.status_code == 200, answer.text
