"""Which tables a change of supplier takes along, and which it leaves out and why; held against the schema by a test."""

from dataclasses import dataclass

PROTECTED = frozenset(
    {
        "cordon_protected.addresses",
        "cordon_protected.allowed_shapes",
        "cordon.victim_zones",
        "cordon.victim_zone_states",
    }
)
"""Victims' addresses, and what cannot be without them: they leave sealed to the new supplier's key, or not at all."""

SEEDED = frozenset({"cordon.registry_revision", "cordon.response_plans"})
"""Migrations put rows into them: what is taken in replaces it."""

_BY_KIND = {
    "cordon.activation_records": "quarantined_at IS NOT NULL",
    "cordon.alert_cases": "status",
    "cordon.alerts": "kind",
    "cordon.audit_log": "action",
    "cordon.break_glass": "reviewed_at IS NULL",
    "cordon.condition_versions": "status",
    "cordon.crimes": "force",
    "cordon.dead_letters": "reason",
    "cordon.device_events": "kind",
    "cordon.eliminations": "verdict",
    "cordon.exports": "state",
    "cordon.legal_bases": "status",
    "cordon.legal_holds": "released_at IS NULL",
    "cordon.licence_conditions": "kind",
    "cordon.matching_result_records": "verdict",
    "cordon.positions": "mechanism",
    "cordon.scene_search_result_records": "verdict",
    "cordon.staff": "role",
    "cordon.trail_decisions": "decision",
    "cordon.victim_tasks": "status",
    "cordon.visits": "state",
}
_OTHERS = (
    "cordon.alert_actions",
    "cordon.alert_events",
    "cordon.audit_prunings",
    "cordon.audit_seals",
    "cordon.authorisations",
    "cordon.authorities",
    "cordon.authority_records",
    "cordon.batch_routines",
    "cordon.caseload_covers",
    "cordon.casework_rules",
    "cordon.condition_draft_changes",
    "cordon.crime_batch_errors",
    "cordon.crime_batch_wearers",
    "cordon.crime_batches",
    "cordon.crime_versions",
    "cordon.delivery_attempts",
    "cordon.device_heard",
    "cordon.device_timers",
    "cordon.devices",
    "cordon.eligibility_decisions",
    "cordon.erased_times",
    "cordon.escalation_looks",
    "cordon.escalations",
    "cordon.evidence_bundles",
    "cordon.evidence_notices",
    "cordon.evidence_receipts",
    "cordon.evidence_requests",
    "cordon.evidence_tellings",
    "cordon.lawful_changes",
    "cordon.long_visits",
    "cordon.match_days",
    "cordon.match_outcomes",
    "cordon.match_qualifications",
    "cordon.matching_runs",
    "cordon.matching_wanted",
    "cordon.messages",
    "cordon.not_monitored",
    "cordon.notices",
    "cordon.overdue_clocks",
    "cordon.partition_offsets",
    "cordon.people",
    "cordon.presence",
    "cordon.quarantined_positions",
    "cordon.raw_batches",
    "cordon.reevaluations",
    "cordon.registry_revision",
    "cordon.rematches_wanted",
    "cordon.rerun_requests",
    "cordon.response_plans",
    "cordon.rota_shifts",
    "cordon.routine_expectations",
    "cordon.scene_searches",
    "cordon.tag_commands",
    "cordon.teams",
    "cordon.track_cells",
    "cordon.track_gaps",
    "cordon.trail_request_tellings",
    "cordon.trail_requests",
    "cordon.victim_changes",
    "cordon.victim_choices",
    "cordon.victims",
    "cordon.wards",
    "cordon.zone_versions",
    "cordon.zones",
)
SUPPLIED: dict[str, str | None] = dict.fromkeys(sorted((*_OTHERS, *PROTECTED))) | _BY_KIND
"""Each table, with the expression by which its rows are counted apart. Work that waits goes along: without it, an
alert that should be raised never is.
"""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why a table stays. ``waiting`` is the condition of its rows that are work not done yet: let it be done first."""

    reason: str
    waiting: str | None = None


LEFT_OUT = {
    "cordon.access_tokens": LeftOut("secrets: hashes of tokens; everybody signs in anew at the new service"),
    "cordon.sessions": LeftOut("secrets: hashes of cookies; everybody signs in anew at the new service"),
    "cordon.demonstration": LeftOut("what opens the demonstration's sign-in: never carried into another service"),
    "cordon.sources": LeftOut("secrets: hashes of senders' keys; the new service gives each sender a key of its own"),
    "cordon.webhooks": LeftOut("addresses of receivers, which may hold secrets; they register with the new service"),
    "cordon.webhook_secrets": LeftOut("secrets: what receivers check signatures with"),
    "cordon.outbox": LeftOut(
        "the queue of what goes out: sent by the service that made it, or it would be sent twice",
        "delivered_at IS NULL AND dead_at IS NULL",
    ),
    "cordon.ping_queue": LeftOut("the embedded broker's queue: messages that no worker has decided yet", "true"),
    "cordon.worker_registries": LeftOut("what the old service's workers have loaded"),
    "cordon.worker_registry_loads": LeftOut("what the old service's workers have loaded"),
    "cordon.intake_state": LeftOut("whether the old service's intake can hear"),
    "cordon.victim_zone_rounds": LeftOut("when the old service looked at victims' zones last"),
    "cordon.schema_migrations": LeftOut("the new service's own schema; the manifest names the migrations it must have"),
    "cordon.export_parts": LeftOut("copies, made for one person or court, of what is here already"),
}
