"""The alerts of which episodes are made, as far as row security shows them to the caller."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from model.casework import CaseStatus
from model.enums import AlertKind, AlertState, Severity
from model.episodes import EpisodeAlert, Stretch
from model.times import from_microseconds, microseconds_or_none, moment_or_none, to_microseconds
from store.cases import OPEN
from store.database import Cursor

_COLUMNS = "alert_id, kind, severity, state, status, assigned_to, alert.person_id, alert.zone_id, began_at, ended_at"
_ALERTS = f"""
    SELECT {_COLUMNS} FROM alerts alert JOIN alert_cases alert_case USING (alert_id)
    WHERE (state <> 'retracted' OR {OPEN})
"""  # noqa: S608  literals
# Row security lets no condition with COALESCE use an index. OFFSET 0: each stretch by the index, never all alerts.
_NEAR = f"""
    SELECT {_COLUMNS} FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[])
      AS stretch (person_id, zone_id, from_time, until_time)
    CROSS JOIN LATERAL (
      SELECT alert_id, kind, severity, state, person_id, zone_id, began_at, ended_at FROM alerts near
      WHERE {{whose}} AND (near.ended_at >= stretch.from_time OR near.ended_at IS NULL)
        AND near.began_at <= stretch.until_time
        AND near.zone_id IS NOT DISTINCT FROM stretch.zone_id AND near.state <> 'retracted'
      OFFSET 0
    ) alert
    JOIN alert_cases alert_case USING (alert_id) WHERE NOT ({OPEN})
"""  # noqa: S608  literals
_OF_A_PERSON = _NEAR.format(whose="near.person_id = stretch.person_id")
_OF_NOBODY = _NEAR.format(whose="near.person_id IS NULL")


@dataclass(frozen=True, slots=True)
class EpisodeNames:
    """Of whom and where, by identifier: (CRN, name) of people, (reference, name) of zones."""

    people: dict[int, tuple[str, str]]
    zones: dict[int, tuple[str, str]]


def alerts_to_do(cursor: Cursor) -> list[EpisodeAlert]:
    """All that are still to be worked, however old."""
    return _load(cursor, f"{_ALERTS} AND {OPEN}")


def alerts_near(cursor: Cursor, stretches: Sequence[Stretch]) -> list[EpisodeAlert]:
    """All that stand and were closed, of the person and zone of each stretch, where they lie in some of its time."""
    of_nobody = [one for one in stretches if one.cause.person_id is None]
    of_a_person = [one for one in stretches if one.cause.person_id is not None]
    return [
        alert
        for query, wanted in ((_OF_A_PERSON, of_a_person), (_OF_NOBODY, of_nobody))
        if wanted
        for alert in _load(cursor, query, *_columns_of(wanted))
    ]


def alerts_of_person(cursor: Cursor, person_id: int) -> list[EpisodeAlert]:
    """All that stand of one person."""
    return _load(cursor, f"{_ALERTS} AND alert.person_id = %s", person_id)


def alerts_like(cursor: Cursor, alert_id: UUID) -> list[EpisodeAlert]:
    """All that stand of the alert's person and zone; none where the alert is not there for the caller."""
    return _load(
        cursor,
        f"{_ALERTS} AND (coalesce(alert.person_id, 0), coalesce(zone_id, 0)) IN ("  # noqa: S608  literals
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


def _columns_of(stretches: Sequence[Stretch]) -> tuple[list[object], ...]:
    return (
        [one.cause.person_id for one in stretches],
        [one.cause.zone_id for one in stretches],
        [from_microseconds(one.from_us) for one in stretches],
        [moment_or_none(one.until_us) or "infinity" for one in stretches],
    )


def _load(cursor: Cursor, query: str, *values: object) -> list[EpisodeAlert]:
    cursor.execute(query, values)
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
