"""What is to go, worked out once and kept in temporary tables: the dry run counts it, and the run deletes it."""

from collections.abc import Mapping
from datetime import datetime

from model.retention import Cutoffs, Kind
from store.clock import service_now
from store.database import Cursor, fetch_one

NEVER = "-infinity"

PLAN = (
    (
        "ended",
        """
        SELECT person_id, ended_at FROM orders_ended()
        WHERE ended_at < %(now)s
        """,
    ),
    (
        "due_people",
        """
        SELECT person_id FROM ended
        WHERE ended_at < %(people_end)s AND NOT EXISTS (SELECT FROM legal_holds hold
          WHERE hold.person_id = ended.person_id AND hold.released_at IS NULL)
        """,
    ),
    (
        "due_alerts",
        """
        SELECT alert.alert_id FROM alerts alert LEFT JOIN alert_cases worked USING (alert_id)
        LEFT JOIN ended ON ended.person_id = alert.person_id
        WHERE (coalesce(ended.ended_at < %(alerts_end)s, false)
          OR alert.state <> 'open' AND coalesce(worked.status IN ('closed', 'retracted'), true)
            AND greatest(alert.raised_at, alert.ended_at, worked.closed_at) < %(alerts_age)s)
        AND NOT is_held(alert.person_id, alert.began_at, greatest(alert.ended_at, alert.last_evidence_at))
        """,
    ),
    (
        "due_visits",
        """
        SELECT visit.visit_id FROM visits visit LEFT JOIN ended USING (person_id)
        WHERE (coalesce(ended.ended_at < %(visits_end)s, false)
          OR coalesce(visit.left_at, visit.closed_at) < %(visits_age)s)
        AND NOT is_held(visit.person_id, visit.entered_at, greatest(visit.left_at, visit.last_inside_at))
        AND NOT EXISTS (SELECT FROM alerts alert
          WHERE alert.visit_id = visit.visit_id AND NOT EXISTS (SELECT FROM due_alerts due
            WHERE due.alert_id = alert.alert_id))
        """,
    ),
    (
        "due_evidence",
        """
        SELECT asked.evidence_id FROM evidence_requests asked
        JOIN matching_result_records result USING (result_id)
        JOIN crime_versions version USING (crime_version_id)
        LEFT JOIN evidence_bundles issued USING (evidence_id) LEFT JOIN ended USING (person_id)
        WHERE (coalesce(ended.ended_at < %(evidence_end)s, false)
          OR asked.state <> 'requested' AND coalesce(issued.issued_at, asked.requested_at) < %(evidence_age)s)
        AND NOT EXISTS (SELECT FROM legal_holds hold
          WHERE hold.evidence_id = asked.evidence_id AND hold.released_at IS NULL)
        AND NOT is_held(result.person_id, version.from_time, version.to_time)
        """,
    ),
    (
        "trail_people",  # whom a request for a trail is about
        """
        SELECT trail_request_id, person_id FROM trail_decisions
        UNION SELECT trail_request_id, person_id FROM trail_requests asked
          JOIN people named ON lower(named.crn) = lower(asked.crn)
        UNION SELECT trail_request_id, person_id FROM trail_requests JOIN matching_result_records USING (result_id)
        """,
    ),
    (
        "due_trails",
        """
        SELECT asked.trail_request_id FROM trail_requests asked
        WHERE (asked.requested_at < %(matches_age)s OR EXISTS (SELECT
            FROM trail_people about JOIN ended USING (person_id)
            WHERE about.trail_request_id = asked.trail_request_id AND ended.ended_at < %(matches_end)s))
        AND NOT EXISTS (SELECT FROM trail_people about
          WHERE about.trail_request_id = asked.trail_request_id
          AND is_held(about.person_id, asked.from_time, asked.to_time))
        """,
    ),
    (
        "due_results",
        """
        SELECT result.result_id FROM matching_result_records result JOIN matching_runs run USING (run_id)
        JOIN crime_versions version ON version.crime_version_id = result.crime_version_id
        LEFT JOIN ended USING (person_id)
        WHERE (coalesce(ended.ended_at < %(matches_end)s, false) OR run.run_at < %(matches_age)s)
        AND NOT is_held(result.person_id, version.from_time, version.to_time) AND NOT EXISTS (
          SELECT FROM evidence_requests asked
          WHERE asked.result_id = result.result_id AND NOT EXISTS (SELECT FROM due_evidence due
            WHERE due.evidence_id = asked.evidence_id)) AND NOT EXISTS (
          SELECT FROM trail_requests asked
          WHERE asked.result_id = result.result_id AND NOT EXISTS (SELECT FROM due_trails due
            WHERE due.trail_request_id = asked.trail_request_id))
        """,
    ),
    (
        "due_eliminations",
        """
        SELECT asked.elimination_id FROM eliminations asked JOIN crime_versions version USING (crime_version_id)
        LEFT JOIN ended USING (person_id)
        WHERE (coalesce(ended.ended_at < %(matches_end)s, false)
          OR asked.state <> 'requested' AND asked.requested_at < %(matches_age)s OR EXISTS (SELECT
            FROM ended named JOIN people person USING (person_id)
            WHERE named.ended_at < %(matches_end)s
            AND lower(asked.identifier) IN (lower(person.crn), lower(person.pnc_id))))
        AND NOT is_held(asked.person_id, version.from_time, version.to_time)
        """,
    ),
    (
        "due_found",
        """
        SELECT found.scene_search_id, found.number FROM scene_search_result_records found
        JOIN scene_searches search USING (scene_search_id) LEFT JOIN ended USING (person_id)
        WHERE (coalesce(ended.ended_at < %(matches_end)s, false) OR search.requested_at < %(matches_age)s)
        AND NOT is_held(found.person_id, search.from_time, search.to_time)
        """,
    ),
    (
        "due_searches",
        """
        SELECT search.scene_search_id FROM scene_searches search
        WHERE search.state <> 'requested' AND search.requested_at < %(crimes_age)s AND NOT EXISTS (
          SELECT FROM scene_search_result_records found
          WHERE found.scene_search_id = search.scene_search_id AND NOT EXISTS (SELECT FROM due_found due
            WHERE due.scene_search_id = found.scene_search_id AND due.number = found.number))
        """,
    ),
    (
        "due_crimes",
        """
        SELECT crime.crime_id FROM crimes crime
        WHERE crime.created_at < %(crimes_age)s AND NOT EXISTS (SELECT FROM crime_versions version
          WHERE version.crime_id = crime.crime_id AND (version.created_at >= %(crimes_age)s OR EXISTS (SELECT
              FROM matching_result_records result
              WHERE result.crime_version_id = version.crime_version_id AND NOT EXISTS (SELECT
                FROM due_results due
                WHERE due.result_id = result.result_id)) OR EXISTS (SELECT FROM eliminations asked
              WHERE asked.crime_version_id = version.crime_version_id AND NOT EXISTS (SELECT
                FROM due_eliminations due
                WHERE due.elimination_id = asked.elimination_id)) OR EXISTS (SELECT FROM routine_expectations expected
              WHERE expected.crime_version_id = version.crime_version_id
              AND is_held(expected.person_id, version.from_time, version.to_time)))) AND NOT EXISTS (
          SELECT FROM scene_searches search
          WHERE search.crime_id = crime.crime_id AND NOT EXISTS (SELECT FROM due_searches due
            WHERE due.scene_search_id = search.scene_search_id)) AND NOT EXISTS (
          SELECT FROM trail_requests asked
          WHERE asked.crime_id = crime.crime_id AND NOT EXISTS (SELECT FROM due_trails due
            WHERE due.trail_request_id = asked.trail_request_id))
        """,
    ),
    (
        "due_versions",
        """
        SELECT crime_version_id, run_id FROM crime_versions JOIN due_crimes USING (crime_id)
        LEFT JOIN matching_runs USING (crime_version_id)
        """,
    ),
    (
        "due_batches",
        """
        SELECT batch.crime_batch_id FROM crime_batches batch
        WHERE batch.imported_at < %(crimes_age)s AND NOT EXISTS (SELECT FROM crime_versions version
          WHERE version.crime_batch_id = batch.crime_batch_id AND NOT EXISTS (SELECT FROM due_crimes due
            WHERE due.crime_id = version.crime_id))
        """,
    ),
    (
        "due_wearers",
        """
        SELECT wearer.crime_batch_id, wearer.person_id FROM ( SELECT crime_batch_id, person_id
          FROM crime_batch_wearers UNION SELECT crime_batch_id, person_id FROM batch_routines
          UNION SELECT version.crime_batch_id, person_id FROM routine_expectations
          JOIN crime_versions version USING (crime_version_id)) wearer
        JOIN crime_batches batch USING (crime_batch_id) LEFT JOIN ended USING (person_id)
        WHERE ((coalesce(ended.ended_at < %(matches_end)s, false) OR batch.imported_at < %(matches_age)s)
            AND NOT EXISTS (SELECT FROM legal_holds hold JOIN crime_versions version
              ON version.from_time <= hold.to_time AND version.to_time >= hold.from_time
              WHERE hold.person_id = wearer.person_id AND hold.released_at IS NULL
              AND version.crime_batch_id = wearer.crime_batch_id)
          OR EXISTS (SELECT FROM due_batches due
            WHERE due.crime_batch_id = wearer.crime_batch_id)) AND NOT EXISTS (
          SELECT FROM matching_result_records result
          JOIN crime_versions version ON version.crime_version_id = result.crime_version_id
          WHERE version.crime_batch_id = wearer.crime_batch_id AND result.person_id = wearer.person_id
          AND NOT EXISTS (SELECT FROM due_results due
            WHERE due.result_id = result.result_id))
        """,
    ),
    (
        "due_notices",
        """
        SELECT notice.notice_id FROM notices notice
        WHERE EXISTS (SELECT FROM due_alerts due
          WHERE due.alert_id = notice.alert_id) OR EXISTS (SELECT FROM due_people due
          WHERE due.person_id::text = notice.detail ->> 'person_id')
        OR notice.created_at < %(messages_age)s AND (notice.message_id IS NOT NULL
          OR notice.cancelled_at IS NOT NULL) AND notice.alert_id IS NULL
        """,
    ),
    (
        "due_messages",
        """
        SELECT message.message_id FROM messages message
        WHERE message.created_at < %(messages_age)s AND NOT EXISTS (SELECT FROM notices notice
          WHERE notice.message_id = message.message_id AND NOT EXISTS (SELECT FROM due_notices due
            WHERE due.notice_id = notice.notice_id))
        """,
    ),
    (
        "due_exports",
        """
        SELECT asked.export_id FROM exports asked LEFT JOIN ended USING (person_id)
        WHERE (coalesce(ended.ended_at < %(exports_end)s, false)
          OR greatest(asked.requested_at, asked.prepared_at, asked.decided_at) < %(exports_age)s)
        AND NOT is_held(asked.person_id, coalesce(asked.from_time, '-infinity'), coalesce(asked.to_time, 'infinity'))
        """,
    ),
    (
        "due_zones",
        """
        SELECT zone.zone_id FROM zones zone JOIN due_people USING (person_id)
        """,
    ),
    (
        "due_victims",
        """
        SELECT victim_id FROM victims
        WHERE ended_at < %(victims_end)s
        """,
    ),
)
"""In this order; ``person_id`` of ``USING (person_id)`` is that of the record."""

_MERGED_INTO_ONE_THAT_STAYS = (
    "DELETE FROM due_visits WHERE EXISTS (SELECT FROM visits other WHERE other.merged_into = due_visits.visit_id"
    " AND NOT EXISTS (SELECT FROM due_visits due WHERE due.visit_id = other.visit_id))"
)

DUE_TIMES = (
    "INSERT INTO due_times SELECT %(kind)s, device_id, times FROM ("
    "  SELECT device.device_id, tstzmultirange(tstzrange(NULL, %(age)s)) * %(aged)s::tstzmultirange"
    "    + coalesce(over.times, '{}') - coalesce(held.times, '{}') AS times"
    "  FROM devices device"
    "  LEFT JOIN (SELECT device_id, range_agg(during) AS times FROM activation_records JOIN ended USING (person_id)"
    "    WHERE ended.ended_at < %(end)s GROUP BY device_id) over USING (device_id)"
    "  LEFT JOIN (SELECT device_id, range_agg(during * tstzrange(from_time, to_time, '[]')) AS times"
    "    FROM activation_records JOIN legal_holds USING (person_id) WHERE released_at IS NULL GROUP BY device_id) held"
    "    USING (device_id)) due WHERE NOT isempty(times)"
)
"""Times of devices that go, by kind, with what is held taken out. The archive and dead letters go by age otherwise."""

TIMES_OF = {Kind.POSITIONS: True, Kind.DEVICE_EVENTS: True, Kind.RAW_ARCHIVE: False, Kind.DEAD_LETTERS: False}
"""Kinds that go by times of devices, and whether their age is one of them."""


def make_plan(cursor: Cursor, before: Mapping[Kind, Cutoffs]) -> tuple[dict[str, object], int]:
    """Fill the temporary tables; the parameters that statements on them take, and the newest hold they know."""
    parameters: dict[str, object] = {"now": service_now(cursor)}
    for kind, cutoff in before.items():
        parameters[f"{kind}_age"] = _moment(cutoff.age)
        parameters[f"{kind}_end"] = _moment(cutoff.end)
    holds = holds_mark(cursor)
    for name, query in PLAN:
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
        cursor.execute(f"CREATE TEMPORARY TABLE {name} AS {query}", parameters)
        cursor.execute(f"ANALYZE {name}")
    cursor.execute(_MERGED_INTO_ONE_THAT_STAYS)
    while cursor.rowcount:
        cursor.execute(_MERGED_INTO_ONE_THAT_STAYS)
    cursor.execute("DROP TABLE IF EXISTS pg_temp.due_times")
    cursor.execute("CREATE TEMPORARY TABLE due_times (kind text, device_id integer, times tstzmultirange)")
    for kind, is_aged in TIMES_OF.items():
        cutoff = before[kind]
        aged = "{(,)}" if is_aged and cutoff.age is not None else "{}"
        given = {"kind": kind.value, "age": _moment(cutoff.age), "end": _moment(cutoff.end), "aged": aged}
        cursor.execute(DUE_TIMES, given)
    cursor.execute("CREATE INDEX ON due_times (kind, device_id)")
    cursor.execute("ANALYZE due_times")
    return parameters, holds


def holds_mark(cursor: Cursor) -> int:
    """Of which a plan that is older than a hold is told."""
    cursor.execute("SELECT coalesce(max(legal_hold_id), 0) FROM legal_holds")
    return int(fetch_one(cursor)[0])


def _moment(cutoff: datetime | None) -> object:
    return NEVER if cutoff is None else cutoff
