"""The alerts of which episodes are made, as far as row security shows them to the caller."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from model.casework import CaseStatus
from model.enums import AlertKind, AlertState, Severity
from model.episodes import EpisodeAlert
from model.times import microseconds_or_none, to_microseconds
from store.database import Cursor

_ALERTS = (
    "SELECT alert_id, kind, severity, state, status, assigned_to, alert.person_id, zone_id, began_at, ended_at"
    " FROM alerts alert JOIN alert_cases USING (alert_id)"
    " WHERE (state <> 'retracted' OR status NOT IN ('closed', 'retracted'))"
)


@dataclass(frozen=True, slots=True)
class EpisodeNames:
    """Of whom and where, by identifier: (CRN, name) of people, (reference, name) of zones."""

    people: dict[int, tuple[str, str]]
    zones: dict[int, tuple[str, str]]


def alerts_of_open_causes(cursor: Cursor) -> list[EpisodeAlert]:
    """All that stand of every person and zone of which one is still to be worked, however old."""
    return _load(
        cursor,
        " AND (coalesce(alert.person_id, 0), coalesce(zone_id, 0)) IN ("
        "   SELECT coalesce(concerned.person_id, 0), coalesce(concerned.zone_id, 0) FROM alert_cases waiting"
        "   JOIN alerts concerned USING (alert_id) WHERE status NOT IN ('closed', 'retracted'))",
    )


def alerts_of_person(cursor: Cursor, person_id: int) -> list[EpisodeAlert]:
    """All that stand of one person."""
    return _load(cursor, " AND alert.person_id = %s", person_id)


def alerts_like(cursor: Cursor, alert_id: UUID) -> list[EpisodeAlert]:
    """All that stand of the alert's person and zone; none where the alert is not there for the caller."""
    return _load(
        cursor,
        " AND (coalesce(alert.person_id, 0), coalesce(zone_id, 0)) IN ("
        "   SELECT coalesce(person_id, 0), coalesce(zone_id, 0) FROM alerts WHERE alert_id = %s::uuid)",
        str(alert_id),
    )


def episode_names(cursor: Cursor, person_ids: Collection[int], zone_ids: Collection[int]) -> EpisodeNames:
    """A zone goes by the name of its latest version."""
    cursor.execute("SELECT person_id, crn, name FROM people WHERE person_id = ANY (%s)", (list(person_ids),))
    people = {person_id: (crn, name) for person_id, crn, name in cursor.fetchall()}
    cursor.execute(
        "SELECT DISTINCT ON (zone_id) zone_id, reference, name FROM zones JOIN zone_versions USING (zone_id)"
        " WHERE zone_id = ANY (%s) ORDER BY zone_id, version DESC",
        (list(zone_ids),),
    )
    return EpisodeNames(people, {zone_id: (reference, name) for zone_id, reference, name in cursor.fetchall()})


def _load(cursor: Cursor, condition: str, *values: object) -> list[EpisodeAlert]:
    cursor.execute(f"{_ALERTS}{condition}", values)
    return [
        EpisodeAlert(
            alert_id=UUID(alert_id),
            kind=AlertKind(kind),
            severity=Severity(severity),
            state=AlertState(state),
            status=CaseStatus(status),
            assigned_to=assigned_to,
            person_id=person_id,
            zone_id=zone_id,
            began_us=to_microseconds(began_at),
            ended_us=microseconds_or_none(ended_at),
        )
        for alert_id, kind, severity, state, status, assigned_to, person_id, zone_id, began_at, ended_at in (
            cursor.fetchall()
        )
    ]
