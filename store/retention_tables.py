"""Every table with its rule: what of it goes, in an order in which nothing refers to what has gone, or why it stays."""

from dataclasses import dataclass

from model.retention import Kind


@dataclass(frozen=True, slots=True)
class Step:
    """Rows of one table that go; ``condition`` is SQL on it, the temporary tables of store/retention_plan.py and the
    cutoffs.
    """

    kind: Kind
    table: str
    condition: str


def _with(column: str, planned: str) -> str:
    return f"{column} IN (SELECT {column} FROM {planned})"  # noqa: S608  names of this file


def _in_due_times(kind: Kind, table: str, moment: str) -> str:
    return (
        f"EXISTS (SELECT FROM due_times due WHERE due.kind = '{kind}' AND due.device_id = {table}.device_id"
        f" AND due.times @> {table}.{moment})"
    )


_OF_ALERT = _with("alert_id", "due_alerts")
_OF_EVENT = f"event_id IN (SELECT event_id FROM alert_events WHERE {_OF_ALERT})"  # noqa: S608  names of this file
_OF_EVIDENCE = _with("evidence_id", "due_evidence")
_OF_RESULT = _with("result_id", "due_results")
_OF_PERSON = _with("person_id", "due_people")
_OF_TRAIL = _with("trail_request_id", "due_trails")
_OF_EXPORT = _with("export_id", "due_exports")
_OF_ZONE = _with("zone_id", "due_zones")
_OF_CONDITION = f"condition_id IN (SELECT condition_id FROM licence_conditions WHERE {_OF_PERSON})"  # noqa: S608  names of this file
_OF_WEARER = "(crime_batch_id, person_id) IN (SELECT crime_batch_id, person_id FROM due_wearers)"
_OF_VERSION = _with("crime_version_id", "due_versions")
_ENDED = "person_id IN (SELECT person_id FROM ended WHERE ended_at < %({kind}_end)s)"
_UNHELD_AUTHORISATION = (
    "NOT EXISTS (SELECT FROM legal_holds hold WHERE hold.person_id = authorisations.person_id"
    " AND hold.released_at IS NULL AND tstzrange(hold.from_time, hold.to_time, '[]') && authorisations.during)"
)

STEPS = (
    Step(
        Kind.DELIVERIES,
        "delivery_attempts",
        f"attempted_at < %(deliveries_age)s OR {_OF_EVENT} OR {_with('message_id', 'due_messages')}",
    ),
    Step(
        Kind.DELIVERIES,
        "outbox",
        f"coalesce(delivered_at, dead_at) < %(deliveries_age)s OR {_OF_EVENT}",
    ),
    Step(Kind.ALERTS, "escalations", f"{_OF_ALERT} OR {_with('notice_id', 'due_notices')}"),
    Step(Kind.ALERTS, "escalation_looks", _OF_ALERT),
    Step(Kind.ALERTS, "overdue_clocks", _OF_ALERT),
    Step(Kind.MESSAGES, "notices", _with("notice_id", "due_notices")),
    Step(Kind.MESSAGES, "messages", _with("message_id", "due_messages")),
    Step(Kind.ALERTS, "alert_events", _OF_ALERT),
    Step(Kind.ALERTS, "alert_actions", _OF_ALERT),
    Step(Kind.ALERTS, "alert_cases", _OF_ALERT),
    Step(Kind.ALERTS, "alerts", _OF_ALERT),
    Step(
        Kind.VISITS,
        "presence",
        f"activation_id IN (SELECT activation_id FROM activation_records WHERE {_ENDED.format(kind='visits')})"  # noqa: S608  names of this file
        " AND NOT EXISTS (SELECT FROM legal_holds hold JOIN activation_records worn USING (person_id)"
        "   WHERE worn.activation_id = presence.activation_id AND hold.released_at IS NULL)",
    ),
    Step(Kind.VISITS, "visits", _with("visit_id", "due_visits")),
    Step(
        Kind.EVIDENCE,
        "evidence_tellings",
        f"notice_id IN (SELECT notice_id FROM evidence_notices WHERE {_OF_EVIDENCE})",  # noqa: S608  names of this file
    ),
    Step(Kind.EVIDENCE, "evidence_notices", _OF_EVIDENCE),
    Step(Kind.EVIDENCE, "evidence_receipts", _OF_EVIDENCE),
    Step(Kind.EVIDENCE, "legal_holds", f"released_at IS NOT NULL AND ({_OF_EVIDENCE} OR {_OF_PERSON})"),
    Step(Kind.EVIDENCE, "evidence_bundles", _OF_EVIDENCE),
    Step(Kind.EVIDENCE, "evidence_requests", _OF_EVIDENCE),
    Step(Kind.MATCHES, "trail_request_tellings", _OF_TRAIL),
    Step(Kind.MATCHES, "trail_decisions", _OF_TRAIL),
    Step(Kind.MATCHES, "trail_requests", _OF_TRAIL),
    Step(Kind.MATCHES, "match_outcomes", _OF_RESULT),
    Step(Kind.MATCHES, "match_qualifications", _OF_RESULT),
    Step(Kind.MATCHES, "matching_result_records", _OF_RESULT),
    Step(
        Kind.MATCHES,
        "scene_search_result_records",
        "(scene_search_id, number) IN (SELECT scene_search_id, number FROM due_found)",
    ),
    Step(Kind.MATCHES, "eliminations", _with("elimination_id", "due_eliminations")),
    Step(
        Kind.MATCHES,
        "routine_expectations",
        "EXISTS (SELECT FROM crime_versions version JOIN due_wearers due USING (crime_batch_id)"
        " WHERE version.crime_version_id = routine_expectations.crime_version_id"
        " AND due.person_id = routine_expectations.person_id)",
    ),
    Step(Kind.MATCHES, "batch_routines", _OF_WEARER),
    Step(Kind.MATCHES, "crime_batch_wearers", _OF_WEARER),
    Step(Kind.CRIMES, "scene_searches", _with("scene_search_id", "due_searches")),
    Step(Kind.CRIMES, "rerun_requests", _with("crime_id", "due_crimes")),
    Step(Kind.CRIMES, "matching_wanted", _OF_VERSION),
    Step(Kind.CRIMES, "not_monitored", _OF_VERSION),
    Step(Kind.CRIMES, "matching_runs", _with("run_id", "due_versions")),
    Step(Kind.CRIMES, "crime_versions", _with("crime_id", "due_crimes")),
    Step(Kind.CRIMES, "crimes", _with("crime_id", "due_crimes")),
    Step(
        Kind.IMPORT_ERRORS,
        "crime_batch_errors",
        f"{_with('crime_batch_id', 'due_batches')} OR crime_batch_id IN ("  # noqa: S608  names of this file
        "SELECT crime_batch_id FROM crime_batches WHERE imported_at < %(import_errors_age)s)",
    ),
    Step(Kind.CRIMES, "crime_batches", _with("crime_batch_id", "due_batches")),
    Step(
        Kind.AUTHORISATIONS,
        "authorisations",
        f"({_ENDED.format(kind='authorisations')} OR upper(during) < %(authorisations_age)s)"
        f" AND {_UNHELD_AUTHORISATION}",
    ),
    Step(
        Kind.DEAD_LETTERS,
        "dead_letters",
        "(received_at < %(dead_letters_age)s AND NOT EXISTS (SELECT FROM legal_holds hold"
        "   JOIN activation_records worn USING (person_id) JOIN devices device USING (device_id)"
        "   WHERE hold.released_at IS NULL AND dead_letters.key = convert_to(device.serial, 'UTF8')"
        "   AND dead_letters.received_at <@ worn.during * tstzrange(hold.from_time, hold.to_time, '[]')))"
        " OR EXISTS (SELECT FROM due_times due JOIN devices device USING (device_id)"
        "   WHERE due.kind = 'dead_letters' AND dead_letters.key = convert_to(device.serial, 'UTF8')"
        "   AND due.times @> dead_letters.received_at)",
    ),
    Step(Kind.DEVICE_EVENTS, "device_events", _in_due_times(Kind.DEVICE_EVENTS, "device_events", "event_time")),
    Step(Kind.DEVICE_EVENTS, "tag_commands", _in_due_times(Kind.DEVICE_EVENTS, "tag_commands", "created_at")),
    Step(Kind.DEVICE_EVENTS, "device_heard", _in_due_times(Kind.DEVICE_EVENTS, "device_heard", "last_received_at")),
    Step(
        Kind.POSITIONS,
        "quarantined_positions",
        _in_due_times(Kind.POSITIONS, "quarantined_positions", "received_at"),
    ),
    Step(Kind.TOKENS, "sessions", "coalesce(ended_at, expires_at) < %(tokens_age)s"),
    Step(
        Kind.TOKENS,
        "access_tokens",
        "coalesce(revoked_at, expires_at) < %(tokens_age)s AND NOT EXISTS (SELECT FROM sessions"
        "  WHERE sessions.token_id = access_tokens.token_id"
        "  AND NOT coalesce(sessions.ended_at, sessions.expires_at) < %(tokens_age)s)",
    ),
    Step(Kind.ROTA, "rota_shifts", "upper(during) < %(rota_age)s"),
    Step(Kind.ROTA, "caseload_covers", "upper(during) < %(rota_age)s"),
    Step(
        Kind.EXPORTS,
        "export_parts",  # with the request, and as `cordon export prepare` does
        f"{_OF_EXPORT} OR export_id IN (SELECT export_id FROM exports"  # noqa: S608  names of this file
        " WHERE state = 'refused' OR expires_at <= %(now)s)",
    ),
    Step(Kind.EXPORTS, "exports", _OF_EXPORT),
    Step(Kind.PEOPLE, "break_glass", _OF_PERSON),
    Step(Kind.PEOPLE, "legal_bases", _OF_PERSON),
    Step(Kind.PEOPLE, "condition_draft_changes", _OF_CONDITION),
    Step(Kind.PEOPLE, "condition_versions", _OF_CONDITION),
    Step(Kind.PEOPLE, "licence_conditions", _OF_PERSON),
    Step(Kind.PEOPLE, "response_plans", _OF_ZONE),
    Step(Kind.PEOPLE, "victim_zones", _OF_ZONE),
    Step(Kind.PEOPLE, "zone_versions", _OF_ZONE),
    Step(Kind.PEOPLE, "zones", _OF_ZONE),
    Step(Kind.PEOPLE, "eligibility_decisions", _OF_PERSON),
)

OTHERWISE = {
    "positions": Kind.POSITIONS,  # by times of devices, in batches: store/retention_positions.py
    "track_cells": Kind.POSITIONS,
    "track_gaps": Kind.POSITIONS,
    "raw_batches": Kind.RAW_ARCHIVE,  # message by message: ingest/retention.py
    "activation_records": Kind.PEOPLE,  # with the person, under the registry's lock: store/retention_people.py
    "people": Kind.PEOPLE,
    "long_visits": Kind.VISITS,  # with the visit: ON DELETE CASCADE
    "audit_log": Kind.AUDIT,  # by its own pruning: store/retention_audit.py
    "audit_seals": Kind.AUDIT,
    "victims": Kind.VICTIMS,  # erase_victim (0048)
    "victim_choices": Kind.VICTIMS,
    "victim_tasks": Kind.VICTIMS,
    "victim_zone_states": Kind.VICTIMS,
    "cordon_protected.addresses": Kind.VICTIMS,
    "cordon_protected.allowed_shapes": Kind.VICTIMS,
}
"""Tables that are emptied in a way of their own."""

KEPT = {
    "audit_prunings": "up to where the audit's chain was let go: without it nothing would verify",
    "authorities": "powers of the police over an area: about no wearer",
    "authority_records": "as authorities",
    "casework_rules": "rules",
    "devices": "tags; who wore one goes with the person",
    "demonstration": "whether the database is one",
    "device_timers": "when a tag is looked at next",
    "erased_times": "which times of tags were erased: it names nobody",
    "intake_state": "the service's own state",
    "lawful_changes": "emptied as they are done",
    "match_days": "fixtures of shared zones",
    "partition_offsets": "the service's own state",
    "ping_queue": "emptied as pings are judged; late ones of an erased time are not stored",
    "reevaluations": "emptied as they are done",
    "registry_revision": "a number",
    "rematches_wanted": "emptied as they are done",
    "schema_migrations": "the schema's own",
    "sources": "keys of systems",
    "staff": "who decided stays with what was decided; who has left is told nothing more",
    "teams": "names of teams",
    "victim_changes": "emptied as they are read",
    "victim_zone_rounds": "the service's own state",
    "wards": "public geography",
    "webhook_secrets": "keys of systems",
    "webhooks": "addresses of systems",
    "worker_registries": "the service's own state",
    "worker_registry_loads": "the service's own state",
}
"""Tables that retention leaves alone, and why."""


def kind_of_tables() -> dict[str, Kind]:
    """Every table that a rule empties."""
    return {**{step.table: step.kind for step in STEPS}, **OTHERWISE}
