"""What was done, by whom, for what purpose. If the record cannot be written, the answer is not given."""

from enum import StrEnum

from store.audit import Subject, insert_record
from store.authorisations import StoredAuthorisation
from store.database import Cursor, Identity, Pool

__all__ = ["Action", "Subject", "about_authorisation", "record_allowed", "record_refusal"]


class Action(StrEnum):
    """The audit's vocabulary. SQL functions write some too: person_track ``track.read``, rehearsal_track
    ``zone.rehearse``, those of migrations 0021 and 0022 one record for each wearer whose match is read or judged, and
    those of 0034 whatever is done with a victim's address.
    """

    SELF_READ = "self.read"
    API_READ = "api.read"
    PEOPLE_LIST = "people.list"
    VISITS_READ = "visits.read"
    ALERTS_LIST = "alerts.list"
    ALERT_READ = "alert.read"
    ALERT_EXPLAIN = "alert.explain"
    ALERT_WORK = "alert.work"
    RESPONSE_PLAN_READ = "response_plan.read"
    RESPONSE_PLAN_SET = "response_plan.set"
    ALERTS_STREAM = "alerts.stream"
    EPISODES_LIST = "episodes.list"
    EPISODE_READ = "episode.read"
    DETECTION_PRECISION_READ = "detection_precision.read"
    TRACK_READ = "track.read"
    ZONES_LIST = "zones.list"
    ZONE_READ = "zone.read"
    ZONE_PROOF_READ = "zone_proof.read"
    ZONES_WRITE = "zones.write"
    ZONE_END = "zone.end"
    ZONE_REHEARSE = "zone.rehearse"
    WARDS_IMPORT = "wards.import"
    WARDS_LIST = "wards.list"
    OPERATION_OPEN = "operation.open"
    OPERATION_EXTEND = "operation.extend"
    OPERATION_CLOSE = "operation.close"
    OPERATIONS_LIST = "operations.list"
    MATCH_DAYS_ADD = "match_days.add"
    MATCH_DAYS_REMOVE = "match_days.remove"
    MATCH_DAYS_LIST = "match_days.list"
    CONDITIONS_LIST = "conditions.list"
    CONDITION_READ = "condition.read"
    CONDITION_DRAFT = "condition.draft"
    CONDITION_CHANGE = "condition.change"
    CONDITION_APPROVE = "condition.approve"
    CONDITION_REFUSE = "condition.refuse"
    CONDITION_WITHDRAW = "condition.withdraw"
    CONDITION_END = "condition.end"
    CONDITIONS_IMPORT = "conditions.import"
    AUTHORISATIONS_LIST = "authorisations.list"
    AUTHORISATION_GRANT = "authorisation.grant"
    AUTHORISATION_REVOKE = "authorisation.revoke"
    ROTA_READ = "rota.read"
    ROTA_CHANGE = "rota.change"
    ALERTS_HAND_OVER = "alerts.hand_over"
    METRICS_READ = "metrics.read"
    CRIMES_IMPORT = "crimes.import"
    CRIME_BATCHES_READ = "crime_batches.read"
    PERSON_ADD = "person.add"
    PERSON_READ = "person.read"
    PERSON_CHANGE = "person.change"
    PERSON_END = "person.end"
    DATE_OF_BIRTH_CORRECT = "date_of_birth.correct"
    ELIGIBILITY_DECIDE = "eligibility.decide"
    ELIGIBILITY_READ = "eligibility.read"
    STAFF_LIST = "staff.list"
    STAFF_CHANGE = "staff.change"
    REGISTRY_IMPORT = "registry.import"
    DEVICES_LIST = "devices.list"
    DEVICE_SWAP = "device.swap"
    DEVICE_ACTIVATE = "device.activate"
    DEVICE_DEACTIVATE = "device.deactivate"
    SOURCE_CREATE = "source.create"
    SOURCE_REVOKE = "source.revoke"
    OFFSETS_SET = "offsets.set"
    CRIMES_LIST = "crimes.list"
    CRIME_READ = "crime.read"
    MATCHES_LIST = "matches.list"
    MATCH_READ = "match.read"
    MATCH_QUALIFY = "match.qualify"
    MATCHING_REQUEST = "matching.request"
    OUTCOME_RECORD = "outcome.record"
    PERSON_MATCHES_READ = "person_matches.read"
    ELIMINATION_REQUEST = "elimination.request"
    ELIMINATIONS_LIST = "eliminations.list"
    ELIMINATION_READ = "elimination.read"
    SCENE_SEARCH_REQUEST = "scene_search.request"
    SCENE_SEARCH_READ = "scene_search.read"
    CRIME_SHEET_READ = "crime_sheet.read"
    PRECISION_READ = "precision.read"
    RULES_SET = "rules.set"
    RAW_ERASE = "raw.erase"
    EVIDENCE_REQUEST = "evidence.request"
    EVIDENCE_READ = "evidence.read"
    EVIDENCE_EXPORT = "evidence.export"
    EVIDENCE_REPRODUCE = "evidence.reproduce"
    EVIDENCE_NOTICES = "evidence.notices"
    LEGAL_HOLD_RELEASE = "legal_hold.release"
    VICTIMS_LIST = "victims.list"
    VICTIM_ADD = "victim.add"
    VICTIM_READ = "victim.read"
    VICTIM_HAND_OVER = "victim.hand_over"
    VICTIM_ADDRESS_SET = "victim_address.set"
    VICTIM_ADDRESS_READ = "victim_address.read"
    VICTIM_ADDRESS_END = "victim_address.end"
    VICTIM_ADDRESS_CHECK = "victim_address.check"
    VICTIM_SHAPE_CHECK = "victim_shape.check"
    VICTIM_SHAPE_ALLOW = "victim_shape.allow"
    VICTIM_ZONE_LINK = "victim_zone.link"
    VICTIM_ZONE_UNLINK = "victim_zone.unlink"
    VICTIM_CHOICE_RECORD = "victim_choice.record"
    VICTIM_TASKS_LIST = "victim_tasks.list"
    VICTIM_TASK_SETTLE = "victim_task.settle"
    WEBHOOKS_LIST = "webhooks.list"
    WEBHOOK_REGISTER = "webhook.register"
    WEBHOOK_ROTATE = "webhook.rotate"
    WEBHOOK_DISABLE = "webhook.disable"
    WEBHOOK_ENABLE = "webhook.enable"
    WEBHOOK_REPLAY = "webhook.replay"
    DELIVERIES_LIST = "deliveries.list"
    MESSAGES_READ = "messages.read"
    MESSAGE_RECEIPT = "message.receipt"
    MESSAGE_COUNTS = "message.counts"
    MESSAGES_SEND_AGAIN = "messages.send_again"
    COVER_LIST = "cover.list"
    COVER_CHANGE = "cover.change"
    BREAK_GLASS_OPEN = "break_glass.open"
    BREAK_GLASS_LIST = "break_glass.list"
    BREAK_GLASS_REVIEW = "break_glass.review"
    LEGAL_BASES_LIST = "legal_bases.list"
    LEGAL_BASIS_DRAFT = "legal_basis.draft"
    LEGAL_BASIS_DECIDE = "legal_basis.decide"
    LEGAL_BASIS_END = "legal_basis.end"
    TRAIL_REQUESTS_LIST = "trail_requests.list"
    TRAIL_REQUEST_MAKE = "trail_request.make"
    TRAIL_REQUEST_READ = "trail_request.read"
    TRAIL_REQUEST_DECIDE = "trail_request.decide"
    TRAIL_READ = "trail.read"
    DEVICES_HEALTH_READ = "devices_health.read"
    AUDIT_SEARCH = "audit.search"
    AUDIT_EXPORT = "audit.export"
    AUDIT_VERIFY = "audit.verify"
    AUDIT_TIMELINE = "audit.timeline"
    AUDIT_PRUNE = "audit.prune"
    LOOKS_READ = "looks.read"
    EXPORT_REQUEST = "export.request"
    EXPORT_REVIEW = "export.review"
    EXPORT_READ = "export.read"
    SUPPLIER_IMPORT = "supplier.import"
    RETENTION_RUN = "retention.run"
    LEGAL_HOLDS_LIST = "legal_holds.list"
    LEGAL_HOLD_PLACE = "legal_hold.place"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    RAW_READ = "raw.read"
    DEAD_LETTERS_LIST = "dead_letters.list"
    DEAD_LETTER_READ = "dead_letter.read"
    DEAD_LETTER_REPLAY = "dead_letter.replay"
    DELIVERY_LIST = "delivery.list"
    TOKEN_CREATE = "token.create"  # noqa: S105 -- the name of an action
    TOKEN_REVOKE = "token.revoke"  # noqa: S105 -- the name of an action


def record_allowed(cursor: Cursor, identity: Identity, action: Action, about: Subject) -> None:
    """Record within the transaction of what is recorded, so that neither is there without the other."""
    insert_record(cursor, identity, action, "allowed", about)


def about_authorisation(authorisation: StoredAuthorisation) -> Subject:
    return Subject(
        person_id=authorisation.person_id,
        window_from=authorisation.begins_at,
        window_to=authorisation.lifts_until,
        detail={
            "authorisation_id": authorisation.authorisation_id,
            "reference": authorisation.zone_reference,
            "purpose": authorisation.purpose,
        },
    )


def record_refusal(pool: Pool, identity: Identity, action: Action, about: Subject) -> None:
    """Record in a transaction of its own: the refused one is rolled back."""
    with pool.transaction(identity) as cursor:
        insert_record(cursor, identity, action, "refused", about)
