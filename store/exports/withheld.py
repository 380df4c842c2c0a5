"""What a subject's request leaves out: its words are always the same, and its numbers are for the reviewer alone."""

from dataclasses import dataclass

from store.database import Cursor
from store.exports.requests import Redaction
from store.exports.sections import About, read_count
from store.exports.subject import COMMON, TOLD_BASES


@dataclass(frozen=True, slots=True)
class Withheld:
    """``words`` stand in every archive, whether there was anything of the kind or not; ``query`` counts."""

    what: str
    words: str
    query: str


_NOT_DISCLOSED = (
    "zones, conditions, legal bases, stays, alerts and notes of which the law does not let you be told, and approaches"
    " to zones"
)
_POLICE = "what a police force asked or was told: the force decides on it; ask the force"
WITHHELD = (
    Withheld(
        "zones not disclosed",
        _NOT_DISCLOSED,
        "SELECT count(*) FROM zones WHERE person_id = %(person)s AND zone_id NOT IN (SELECT zone_id FROM told)",
    ),
    Withheld(
        "conditions not disclosed",
        _NOT_DISCLOSED,
        "SELECT count(DISTINCT condition_id) FROM licence_conditions JOIN condition_versions USING (condition_id)"
        " WHERE person_id = %(person)s AND NOT is_disclosed",
    ),
    Withheld(
        "conditions that never stood",
        _NOT_DISCLOSED,
        "SELECT count(*) FROM licence_conditions JOIN condition_versions USING (condition_id)"
        " WHERE person_id = %(person)s AND status IN ('draft', 'refused', 'withdrawn')",
    ),
    Withheld(
        "legal bases not disclosed",
        _NOT_DISCLOSED,
        f"SELECT count(*) FROM legal_bases WHERE person_id = %(person)s AND (kind NOT IN {TOLD_BASES}"  # noqa: S608  literals
        " OR status NOT IN ('live', 'ended'))",
    ),
    Withheld(
        "reasons for opening a record at once",
        "why staff saw your record at once: others may be named in it",
        "SELECT count(*) FROM break_glass WHERE person_id = %(person)s",
    ),
    Withheld(
        "alerts not disclosed",
        _NOT_DISCLOSED,
        """
        SELECT count(*) FROM alerts WHERE person_id = %(person)s AND (kind = 'approach_warning' OR zone_id IS NOT NULL
          AND (zone_id, zone_version) NOT IN (SELECT zone_id, version FROM told))
        """,
    ),
    Withheld(
        "shapes of zones",
        "the shapes and margins of zones: your licence has the map",
        "SELECT count(*) FROM zones WHERE person_id = %(person)s AND zone_id IN (SELECT zone_id FROM told)",
    ),
    Withheld(
        "police: matches",
        _POLICE,
        "SELECT count(*) FROM matching_results WHERE person_id = %(person)s",
    ),
    Withheld(
        "police: questions",
        _POLICE,
        "SELECT (SELECT count(*) FROM eliminations WHERE person_id = %(person)s)"
        " + (SELECT count(*) FROM scene_search_results WHERE person_id = %(person)s)"
        " + (SELECT count(*) FROM trail_requests asked WHERE trail_person(asked) = %(person)s)",
    ),
    Withheld(
        "legal holds",
        "what the data are kept for longer, where a case needs them",
        "SELECT count(*) FROM legal_holds WHERE person_id = %(person)s",
    ),
    Withheld(
        "looks not told",
        "looks by police, and looks that would tell of what is left out",
        "SELECT count(*) FROM person_looks(%(person)s) WHERE NOT is_told",
    ),
)
QUARANTINED = "SELECT count(*) FROM activation_records WHERE person_id = %(person)s AND quarantined_at IS NOT NULL"
PHRASES = """
    SELECT text, place FROM (
      SELECT unnest(ARRAY[subject, name, email, mobile]) AS text, '[staff]' AS place FROM staff
      UNION ALL SELECT subject, '[staff]' FROM access_tokens
      UNION ALL SELECT practitioner, '[staff]' FROM people
      UNION ALL SELECT unnest(ARRAY[crn, nomis_id, pnc_id, name]), '[another person]' FROM people
        WHERE person_id <> %(person)s
      UNION ALL SELECT reference, '[a victim]' FROM victims
      UNION ALL SELECT reference, '[a crime]' FROM crimes
      UNION ALL SELECT unnest(ARRAY[zone.reference, version.name]), '[a place]'
        FROM zones zone JOIN zone_versions version USING (zone_id)
        WHERE zone.person_id IS DISTINCT FROM %(person)s AND zone.person_id IS NOT NULL OR NOT version.is_disclosed
    ) phrases WHERE text IS NOT NULL
"""
OWN = "SELECT unnest(ARRAY[crn, nomis_id, pnc_id, name]) FROM people WHERE person_id = %(person)s"


def read_phrases(cursor: Cursor, about: About) -> list[tuple[str, str]]:
    """What names others, with what is written in its place."""
    cursor.execute(PHRASES, about.parameters)
    return [(text, place) for text, place in cursor.fetchall()]


def read_own(cursor: Cursor, about: About) -> list[str]:
    cursor.execute(OWN, about.parameters)
    return [text for (text,) in cursor.fetchall() if text is not None]


def count_withheld(cursor: Cursor, about: About) -> list[Redaction]:
    """Those of which there are any."""
    counted = [Redaction(one.what, one.words, read_count(cursor, COMMON, one.query, about)) for one in WITHHELD]
    return [one for one in counted if one.count]


NOT_GIVEN = {
    "cordon.access_tokens": "staff and machines: nothing about the person",
    "cordon.audit_log": "given as looks, through the function person_looks",
    "cordon.audit_prunings": "that the audit is whole",
    "cordon.audit_seals": "that the audit is whole",
    "cordon.authorities": "operations: about areas",
    "cordon.authority_records": "operations: about areas",
    "cordon.batch_routines": "police",
    "cordon.caseload_covers": "staff; the looks that it allowed are given",
    "cordon.casework_rules": "the service's rules",
    "cordon.condition_draft_changes": "staff's work on a draft; what it led to is given",
    "cordon.crime_batch_errors": "police",
    "cordon.crime_batch_wearers": "police",
    "cordon.crime_batches": "police",
    "cordon.crime_versions": "police",
    "cordon.crimes": "police",
    "cordon.dead_letters": "messages that nobody could read: of whom they are is not known",
    "cordon.delivery_attempts": "how messages were sent, not what they said",
    "cordon.demonstration": "whether the service is one",
    "cordon.device_timers": "when the service looks at a tag next",
    "cordon.eliminations": "police",
    "cordon.erased_times": "of what there is nothing any more",
    "cordon.escalation_looks": "when the service looks at an alert next",
    "cordon.evidence_bundles": "police",
    "cordon.evidence_notices": "police",
    "cordon.evidence_receipts": "police",
    "cordon.evidence_requests": "police",
    "cordon.evidence_tellings": "police",
    "cordon.export_parts": "copies of what is given",
    "cordon.exports": "this request itself, and what a court asked for",
    "cordon.intake_state": "the service's health",
    "cordon.lawful_changes": "work that waits",
    "cordon.legal_holds": "what police or a court need the data for",
    "cordon.long_visits": "an index of the stays",
    "cordon.match_days": "about a stadium",
    "cordon.match_outcomes": "police",
    "cordon.match_qualifications": "police",
    "cordon.matching_result_records": "police",
    "cordon.matching_runs": "police",
    "cordon.matching_wanted": "police",
    "cordon.not_monitored": "police",
    "cordon.outbox": "a queue",
    "cordon.overdue_clocks": "which of staff's deadlines passed: the times are with the alert",
    "cordon.partition_offsets": "the service's own place in its queue",
    "cordon.ping_queue": "a queue: given as positions once it is decided",
    "cordon.presence": "what the service is deciding now; given as stays",
    "cordon.raw_batches": "the same positions and events as bytes, many people's in one",
    "cordon.reevaluations": "work that waits",
    "cordon.registry_revision": "a number",
    "cordon.rematches_wanted": "work that waits",
    "cordon.rerun_requests": "police",
    "cordon.response_plans": "instructions to staff",
    "cordon.rota_shifts": "staff",
    "cordon.routine_expectations": "police",
    "cordon.scene_search_result_records": "police",
    "cordon.scene_searches": "police",
    "cordon.schema_migrations": "the schema",
    "cordon.sessions": "staff: when they signed in",
    "cordon.sources": "senders' keys",
    "cordon.track_cells": "an index of the positions",
    "cordon.trail_decisions": "police",
    "cordon.trail_request_tellings": "police",
    "cordon.trail_requests": "police",
    "cordon.victim_changes": "victims",
    "cordon.victim_choices": "victims",
    "cordon.victim_tasks": "victims",
    "cordon.victim_zone_rounds": "victims",
    "cordon.victim_zone_states": "victims",
    "cordon.victim_zones": "victims",
    "cordon.victims": "victims",
    "cordon.wards": "about areas",
    "cordon.webhook_secrets": "receivers",
    "cordon.webhooks": "receivers",
    "cordon.worker_registries": "the service's health",
    "cordon.worker_registry_loads": "the service's health",
    "cordon_protected.addresses": "victims",
    "cordon_protected.allowed_shapes": "victims",
}
"""Tables of which a subject is given nothing, and why. Every other one stands in a section; a test holds it so."""
