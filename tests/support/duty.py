"""A service with staff and a rota whose clock a test sets, and the duty process a round at a time."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg2 import sql
from psycopg2.extras import Json

from alerts.duty.duty import Duty
from alerts.duty.run import make_duty
from model.casework import CaseAction, CaseStatus
from model.enums import Severity, Urgency
from model.staff import StaffRole
from ops.metrics import REGISTRY
from ops.settings import Settings
from store.database import Cursor, fetch_one
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner
from tests.support.world import rows

Notice = tuple[str, str, str]
"""Recipient, channel, template."""


class DutyWorld:
    """``clock`` is the service's and moves when a test says so; without one it is the real clock."""

    def __init__(self, database: DatabaseUrls, clock: datetime | None = None) -> None:
        self.database = database
        self._crns = (f"X{number:06}" for number in itertools.count())
        self._duty: Duty | None = None
        if clock is not None:
            self.set_clock(clock)

    def set_clock(self, at: datetime) -> None:
        self.clock = at
        body = sql.Literal(f"SELECT timestamptz '{at.isoformat()}'")
        with as_owner(self.database.owner) as cursor:
            cursor.execute(
                sql.SQL("CREATE OR REPLACE FUNCTION service_clock() RETURNS timestamptz LANGUAGE sql AS {}").format(
                    body
                )
            )

    def after(self, **duration: float) -> None:
        """Let so much time pass, and look."""
        self.set_clock(self.clock + timedelta(**duration))
        self.look()

    def look(self) -> None:
        """One round, in which no task fails."""
        if self._duty is None:
            self._duty = make_duty(Settings.model_validate({"database_worker_url": self.database.worker}))
        before = failures()
        self._duty.round()
        assert failures() == before, "a task of the duty process failed: its log says which"

    def restart(self) -> None:
        """As after a kill: nothing of the process is left."""
        self.close()
        self._duty = None

    def close(self) -> None:
        if self._duty is not None:
            self._duty._let_go()

    def add_staff(
        self, subject: str, role: StaffRole, team_id: int | None = None, *, email: bool = True, mobile: bool = True
    ) -> str:
        with as_owner(self.database.owner) as cursor:
            cursor.execute(
                "INSERT INTO staff (subject, name, role, team_id, email, mobile) VALUES (%s, %s, %s, %s, %s, %s)",
                (
                    subject,
                    subject.title(),
                    role.value,
                    team_id,
                    f"{subject}@example.org" if email else None,
                    "+447700900001" if mobile else None,
                ),
            )
        return subject

    def end_staff(self, subject: str) -> None:
        self.execute("UPDATE staff SET ended_at = service_clock() WHERE subject = %s", subject)

    def add_team(self, name: str) -> int:
        with as_owner(self.database.owner) as cursor:
            cursor.execute("INSERT INTO teams (name) VALUES (%s) RETURNING team_id", (name,))
            team_id: int = fetch_one(cursor)[0]
            return team_id

    def add_shift(
        self, role: StaffRole, subject: str, starts_at: datetime, ends_at: datetime, teams: Sequence[int] = ()
    ) -> None:
        self.execute(
            "INSERT INTO rota_shifts (role, subject, during, added_by, teams)"
            " VALUES (%s, %s, tstzrange(%s, %s), 'test', %s::bigint[])",
            role.value,
            subject,
            starts_at,
            ends_at,
            list(teams),
        )

    def add_person(self, practitioner: str | None = None, team_id: int | None = None) -> int:
        with as_owner(self.database.owner) as cursor:
            cursor.execute(
                "INSERT INTO people (crn, name, practitioner, team_id) VALUES (%s, 'Sam', %s, %s) RETURNING person_id",
                (next(self._crns), practitioner, team_id),
            )
            person_id: int = fetch_one(cursor)[0]
            return person_id

    def raise_alert(
        self, person_id: int, severity: Severity = Severity.BREACH, urgency: Urgency = Urgency.IMMEDIATE
    ) -> UUID:
        with as_owner(self.database.owner) as cursor:
            return insert_alert(cursor, person_id, severity, urgency)

    def act(self, alert_id: UUID, action: CaseAction, status: CaseStatus | None = None, **columns: Any) -> None:
        """Change the case as casework does: its columns, its version, and a line of its log."""
        changes = {**columns, **({} if status is None else {"status": status.value})}
        named = (columns.get(name) for name in ("acknowledged_by", "first_action_by", "closed_by"))
        acted_by = next((one for one in named if one is not None), "test")
        assignments = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in changes.items()
        )
        with as_owner(self.database.owner) as cursor:
            cursor.execute(
                sql.SQL(
                    "UPDATE alert_cases SET version = version + 1{}{} WHERE alert_id = %s RETURNING version"
                ).format(sql.SQL(", " if changes else ""), assignments),
                (str(alert_id),),
            )
            cursor.execute(
                "INSERT INTO alert_actions (alert_id, case_version, action, acted_by, acted_at)"
                " VALUES (%s, %s, %s, %s, service_clock())",
                (str(alert_id), fetch_one(cursor)[0], action.value, acted_by),
            )

    def acknowledge(self, alert_id: UUID, subject: str) -> None:
        self.act(
            alert_id,
            CaseAction.ACKNOWLEDGE,
            CaseStatus.ACKNOWLEDGED,
            acknowledged_at=self.clock,
            acknowledged_by=subject,
            assigned_to=subject,
        )

    def send(self, *, received: bool = False) -> None:
        """What delivery does with all that waits: one message each."""
        with as_owner(self.database.owner) as cursor:
            cursor.execute(
                "SELECT notice_id, recipient, channel FROM notices"
                " WHERE message_id IS NULL AND cancelled_at IS NULL AND send_after <= service_clock()"
            )
            for notice_id, recipient, channel in cursor.fetchall():
                cursor.execute(
                    "INSERT INTO messages (recipient, channel, accepted_at, received_at)"
                    " VALUES (%s, %s, service_clock(), CASE WHEN %s THEN service_clock() END) RETURNING message_id",
                    (recipient, channel, received),
                )
                cursor.execute(
                    "UPDATE notices SET message_id = %s WHERE notice_id = %s", (fetch_one(cursor)[0], notice_id)
                )

    def notices(self) -> list[Notice]:
        """All that were not taken back, in the order of writing."""
        return rows(
            self.database.owner,
            "SELECT recipient, channel, template FROM notices WHERE cancelled_at IS NULL ORDER BY notice_id",
        )

    def assigned_to(self, alert_id: UUID) -> str | None:
        found = rows(self.database.owner, f"SELECT assigned_to FROM alert_cases WHERE alert_id = '{alert_id}'")
        subject: str | None = found[0][0]
        return subject

    def execute(self, statement: str, *values: object) -> None:
        with as_owner(self.database.owner) as cursor:
            cursor.execute(statement, values)


def insert_alert(
    cursor: Cursor, person_id: int | None, severity: Severity = Severity.BREACH, urgency: Urgency = Urgency.IMMEDIATE
) -> UUID:
    """An open alert and its case, raised now; of nobody without a person."""
    alert_id = uuid4()
    cursor.execute(
        "INSERT INTO alerts (alert_id, sequence, kind, severity, urgency, state, person_id,"
        " began_at, last_evidence_at, received_at, raised_at, updated_at, evidence)"
        " SELECT %s, nextval('alert_sequence'), 'strap_tamper', %s, %s, 'open', %s, now, now, now, now, now, %s"
        " FROM service_clock() AS now",
        (str(alert_id), severity.value, urgency.value, person_id, Json({})),
    )
    return alert_id


def failures() -> float:
    samples = (sample for metric in REGISTRY.collect() for sample in metric.samples)
    return sum(one.value for one in samples if one.name == "cordon_duty_failures_total")


@contextmanager
def duty_world(database: DatabaseUrls, clock: datetime) -> Iterator[DutyWorld]:
    world = DutyWorld(database, clock)
    try:
        yield world
    finally:
        world.close()
