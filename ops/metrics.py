"""Every metric of the service. docs/operations.md lists them, and a test fails where it misses one."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from model.crimes import MatchVerdict
from model.enums import RejectionReason

REGISTRY = CollectorRegistry()

PINGS = Counter(
    "cordon_pings", "Pings by what became of them", ["outcome"], registry=REGISTRY
)  # stored, repeated, quarantined, rejected
POSITION_FLAGS = Counter("cordon_position_flags", "Positions that screening flagged", ["flag"], registry=REGISTRY)
DEAD_LETTERS = Counter("cordon_dead_letters", "Pings kept as dead letters", ["reason"], registry=REGISTRY)
GATEWAY_PINGS = Counter(
    "cordon_gateway_pings", "Pings at the HTTP gateway", ["protocol", "outcome"], registry=REGISTRY
)  # accepted, rejected
PARTITION_LAG = Gauge(
    "cordon_partition_lag",
    "Messages that wait behind the last one judged",
    ["topic", "partition"],
    registry=REGISTRY,
)
BATCH_SECONDS = Histogram(
    "cordon_batch_seconds",
    "Time of one batch by stage",
    ["stage"],  # poll, decode, load, check, write
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
    registry=REGISTRY,
)
FIX_TO_ALERT_SECONDS = Histogram(
    "cordon_fix_to_alert_seconds",
    "From the fix time of the position that raised an alert to the alert",
    buckets=(0.1, 0.3, 1, 3, 10, 30, 60, 120, 240, 900, 3600, 86400),
    registry=REGISTRY,
)
RECEIPT_TO_ALERT_SECONDS = Histogram(
    "cordon_receipt_to_alert_seconds",
    "From the receipt of the ping that raised an alert to the alert",
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 240, 3600),
    registry=REGISTRY,
)
ALERT_CHANGES = Counter("cordon_alert_changes", "Changes of alerts", ["change"], registry=REGISTRY)
INTAKE_DEAF = Gauge("cordon_intake_deaf", "1 while the intake is not proved alive: nothing is heard", registry=REGISTRY)
INTAKE_PROOF_AGE_SECONDS = Gauge(
    "cordon_intake_proof_age_seconds", "Since everything received was proved to be judged", registry=REGISTRY
)
DEVICE_ALERTS_OPEN = Gauge("cordon_device_alerts_open", "Open alerts of devices", ["kind"], registry=REGISTRY)
DEVICE_EVENTS = Counter(
    "cordon_device_events", "Device events by what became of them", ["outcome"], registry=REGISTRY
)  # stored, repeated, rejected
TAG_COMMANDS = Counter("cordon_tag_commands", "Commands sent to tags", ["kind"], registry=REGISTRY)
OUTBOX_WAITING = Gauge("cordon_outbox_waiting", "Messages not yet delivered", ["channel"], registry=REGISTRY)
OUTBOX_OLDEST_SECONDS = Gauge(
    "cordon_outbox_oldest_seconds",
    "How long the oldest message not yet delivered has waited",
    ["channel"],
    registry=REGISTRY,
)
DELIVERIES_DEAD = Gauge(
    "cordon_deliveries_dead", "Messages given up, to be sent again by hand", ["channel"], registry=REGISTRY
)
DELIVERIES = Counter("cordon_deliveries", "Delivery attempts", ["channel", "outcome"], registry=REGISTRY)
SENDERS = Gauge("cordon_senders", "Channels that are sent to from here, or stood by for", registry=REGISTRY)
FENCED = Counter("cordon_fenced", "Batches given up because another worker owns the partition", registry=REGISTRY)
REEVALUATIONS_SET_ASIDE = Counter(
    "cordon_reevaluations_set_aside", "Pasts of devices that could not be judged anew", registry=REGISTRY
)
MATCHES = Counter("cordon_matches", "Results of matching, new or changed", ["verdict"], registry=REGISTRY)
IMPORT_TO_MATCH_SECONDS = Histogram(
    "cordon_import_to_match_seconds",
    "From the import of a crime to its results",
    buckets=(0.1, 0.3, 1, 3, 10, 30, 60, 300, 1800, 7200),
    registry=REGISTRY,
)
MATCHING_WAITING = Gauge(
    "cordon_matching_waiting",
    "Crimes, and devices with new positions, that wait to be matched",
    ["kind"],
    registry=REGISTRY,
)  # crimes, devices
MATCHING_BEHIND_SECONDS = Gauge(
    "cordon_matching_behind_seconds", "Since when the first of those has waited", ["kind"], registry=REGISTRY
)
MATCHING_SET_ASIDE = Gauge(
    "cordon_matching_set_aside", "Crimes, and devices, that could not be matched", ["kind"], registry=REGISTRY
)
MATCHING_FAILURES = Counter("cordon_matching_failures", "Errors by which something was set aside", registry=REGISTRY)
DUTY_ROUND_SECONDS = Histogram(
    "cordon_duty_round_seconds",
    "Time of one round of the duty process",
    buckets=(0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
    registry=REGISTRY,
)
DUTY_FAILURES = Counter("cordon_duty_failures", "Rounds in which a task of duty failed", ["task"], registry=REGISTRY)
TELLINGS = Counter(
    "cordon_tellings", "Tellings of the timetable by whom and what came of it", ["role", "outcome"], registry=REGISTRY
)  # told, nobody, no_address
TELLING_REPEATS = Counter(
    "cordon_telling_repeats", "Times that the last step of a timetable began again", registry=REGISTRY
)
NOBODY_TOLD = Counter("cordon_nobody_told", "Times that nobody at all could be told of an alert", registry=REGISTRY)
EVIDENCE_UNTOLD = Counter(
    "cordon_evidence_untold",
    "Changes of issued evidence of which nobody of the staff could be told: whoever has it finds them with it",
    registry=REGISTRY,
)
HAND_OVERS = Counter(
    "cordon_hand_overs", "Alerts that went over without anybody's doing", ["reason"], registry=REGISTRY
)  # shift_ended, left
CASES_NOT_HANDED_OVER = Gauge(
    "cordon_cases_not_handed_over",
    "Open alerts on somebody whose shift is over, or who has left, that nobody can take over",
    ["reason"],
    registry=REGISTRY,
)
CASES_OPEN = Gauge("cordon_cases_open", "Alerts that are not closed", ["status"], registry=REGISTRY)
CASES_UNASSIGNED = Gauge("cordon_cases_unassigned", "Of those, alerts that are on nobody", registry=REGISTRY)
GLASS_UNREVIEWED = Gauge(
    "cordon_break_glass_unreviewed", "How often the glass was broken that nobody has reviewed", registry=REGISTRY
)
GLASS_UNREVIEWED_SECONDS = Gauge(
    "cordon_break_glass_unreviewed_seconds", "Since the first of those was opened", registry=REGISTRY
)
CLOCKS_OVERDUE = Gauge("cordon_clocks_overdue", "Open alerts whose clock has run out", ["clock"], registry=REGISTRY)
OLDEST_UNACKNOWLEDGED_SECONDS = Gauge(
    "cordon_oldest_unacknowledged_seconds",
    "Since the first alert was raised that nobody has acknowledged",
    ["severity", "urgency"],
    registry=REGISTRY,
)
ROTA_GAP_SECONDS = Gauge(
    "cordon_rota_gap_seconds", "How much of the next 14 days nobody holds the role", ["role"], registry=REGISTRY
)
RAISED_TO_TOLD_SECONDS = Histogram(
    "cordon_raised_to_told_seconds",
    "From an alert to the first notice of it, by the service's clock",
    buckets=(0.3, 1, 2, 3, 10, 30, 60, 300, 3600, 14400, 86400),
    registry=REGISTRY,
)
REGISTRY_REVISION = Gauge("cordon_registry_revision", "Revision of the zones and activations in use", registry=REGISTRY)
NOBODY_TO_TELL = Counter(
    "cordon_date_of_birth_untold",
    "Dates of birth that stopped monitoring, and no data-protection officer could be told",
    registry=REGISTRY,
)
AUDIT_SEALED_ROWS = Counter("cordon_audit_sealed_rows", "Records of the audit that were sealed", registry=REGISTRY)
AUDIT_HEAD = Gauge("cordon_audit_head", "Number of the newest seal of the audit", registry=REGISTRY)
AUDIT_UNSEALED_SECONDS = Gauge(
    "cordon_audit_unsealed_seconds", "Age of the oldest record of the audit that is not sealed", registry=REGISTRY
)
AUDIT_HEAD_UNPUBLISHED = Gauge(
    "cordon_audit_head_unpublished", "1 while the head of the audit cannot be written to its file", registry=REGISTRY
)
AUDIT_BROKEN = Gauge(
    "cordon_audit_broken",
    "1 once the sealer has found the chain of the audit other than it left or published it",
    registry=REGISTRY,
)
DATABASE_UP = Gauge("cordon_database_up", "1 while the database answers", registry=REGISTRY)
BROKER_UP = Gauge("cordon_broker_up", "1 while the broker answers", registry=REGISTRY)
CRIME_FILES = Counter(
    "cordon_crime_files", "Police files by how they came and what became of them", ["way", "outcome"], registry=REGISTRY
)  # accepted, partial, refused, repeated
CRIME_FOLDER_STUCK = Gauge(
    "cordon_crime_folder_stuck",
    "Files of the watched folder that could not be read or moved, and itself",
    registry=REGISTRY,
)
HTTP_REQUESTS = Counter("cordon_http_requests", "Requests by route", ["method", "route", "status"], registry=REGISTRY)
HTTP_SECONDS = Histogram(
    "cordon_http_request_seconds", "Time of one request by route", ["method", "route"], registry=REGISTRY
)
REQUESTS_LIMITED = Counter(
    "cordon_requests_limited", "Requests refused because there were too many", ["kind"], registry=REGISTRY
)  # caller, source, device_source, address
STREAM_CLIENTS = Gauge("cordon_stream_clients", "Clients of the alert stream", registry=REGISTRY)

# A counter that first appears at 1 shows no increase, so an alarm would miss what happens first: these begin at 0.
for _outcome in ("stored", "repeated", "quarantined", "rejected"):
    PINGS.labels(_outcome)
for _outcome in ("stored", "repeated", "rejected"):
    DEVICE_EVENTS.labels(_outcome)
for _kind in ("caller", "source", "device_source", "address"):
    REQUESTS_LIMITED.labels(_kind)
for _verdict in MatchVerdict:
    MATCHES.labels(_verdict.value)
for _reason in RejectionReason:
    DEAD_LETTERS.labels(_reason.value)
