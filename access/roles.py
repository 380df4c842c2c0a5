"""Who may do what: one policy table. Whose data a role sees is row security's matter (store/migrations)."""

from enum import StrEnum


class Role(StrEnum):
    """What a token's bearer is. Row security knows these values too."""

    PRACTITIONER = "practitioner"  # own caseload
    MANAGER = "manager"  # own team
    DUTY_OFFICER = "duty_officer"  # by the rota: people with open alerts in the shift's area, the last 48 h of them
    POLICE_ANALYST = "police_analyst"  # own force: crimes and matches; no trails
    MATCH_REVIEWER = "match_reviewer"  # own force: says whether a match holds; never one who asked for it
    VICTIM_LIAISON = "victim_liaison"  # own victims; no wearers, no tracks
    MONITORING_OFFICER = "monitoring_officer"  # devices, the queue, the health of the service; nobody's track
    ADMINISTRATOR = "administrator"  # zones, people and users; no tracks
    PROGRAMME_ANALYST = "programme_analyst"  # aggregates only
    AUDITOR = "auditor"  # the audit, and nothing that it tells of


class Permission(StrEnum):
    """What a route needs; each route names exactly one."""

    SELF_READ = "self.read"
    API_READ = "api.read"
    PEOPLE_READ = "people.read"
    PEOPLE_WRITE = "people.write"
    STAFF_READ = "staff.read"
    STAFF_WRITE = "staff.write"
    VISITS_READ = "visits.read"
    ALERTS_READ = "alerts.read"
    DETECTION_PRECISION_READ = "detection_precision.read"
    ALERTS_WORK = "alerts.work"
    RESPONSE_PLANS_WRITE = "response_plans.write"
    TRACK_READ = "track.read"
    ZONES_READ = "zones.read"
    ZONES_WRITE = "zones.write"
    OPERATIONS_WRITE = "operations.write"
    ZONES_REHEARSE = "zones.rehearse"
    CONDITIONS_READ = "conditions.read"
    CONDITIONS_DRAFT = "conditions.draft"
    CONDITIONS_APPROVE = "conditions.approve"
    AUTHORISATIONS_READ = "authorisations.read"
    AUTHORISATIONS_WRITE = "authorisations.write"
    ROTA_READ = "rota.read"
    ROTA_WRITE = "rota.write"
    METRICS_READ = "metrics.read"
    CRIMES_READ = "crimes.read"
    MATCHES_READ = "matches.read"
    MATCHES_QUALIFY = "matches.qualify"
    MATCHING_REQUEST = "matching.request"
    OUTCOMES_WRITE = "outcomes.write"
    ELIMINATIONS_READ = "eliminations.read"
    ELIMINATIONS_WRITE = "eliminations.write"
    SCENE_SEARCHES_READ = "scene_searches.read"
    SCENE_SEARCHES_WRITE = "scene_searches.write"
    PERSON_MATCHES_READ = "person_matches.read"
    PRECISION_READ = "precision.read"
    CRIMES_IMPORT = "crimes.import"
    EVIDENCE_REQUEST = "evidence.request"
    EVIDENCE_READ = "evidence.read"
    VICTIMS_READ = "victims.read"
    VICTIMS_WRITE = "victims.write"
    VICTIM_ADDRESSES_READ = "victim_addresses.read"
    VICTIM_ADDRESSES_WRITE = "victim_addresses.write"
    MESSAGES_READ = "messages.read"
    DELIVERY_READ = "delivery.read"
    WEBHOOKS_WRITE = "webhooks.write"
    COVER_READ = "cover.read"
    COVER_WRITE = "cover.write"
    BREAK_GLASS_OPEN = "break_glass.open"
    BREAK_GLASS_READ = "break_glass.read"
    BREAK_GLASS_REVIEW = "break_glass.review"
    LEGAL_BASES_READ = "legal_bases.read"
    LEGAL_BASES_WRITE = "legal_bases.write"
    LEGAL_BASES_APPROVE = "legal_bases.approve"
    TRAIL_REQUESTS_READ = "trail_requests.read"
    TRAIL_REQUESTS_WRITE = "trail_requests.write"
    TRAIL_REQUESTS_DECIDE = "trail_requests.decide"
    TRAILS_READ = "trails.read"
    DEVICES_HEALTH_READ = "devices_health.read"
    AUDIT_READ = "audit.read"
    LOOKS_READ = "looks.read"
    EXPORTS_REQUEST = "exports.request"
    EXPORTS_REVIEW = "exports.review"
    EXPORTS_READ = "exports.read"
    HOLDS_READ = "holds.read"
    HOLDS_WRITE = "holds.write"


_EVERYONE = frozenset({Permission.SELF_READ, Permission.API_READ, Permission.PRECISION_READ})
_STAFF = _EVERYONE | {Permission.MESSAGES_READ}  # one's own: nobody else's are shown
_SUPERVISION = _STAFF | {
    Permission.PEOPLE_READ,
    Permission.STAFF_READ,
    Permission.VISITS_READ,
    Permission.ALERTS_READ,
    Permission.ALERTS_WORK,
    Permission.RESPONSE_PLANS_WRITE,
    Permission.TRACK_READ,
    Permission.ZONES_READ,
    Permission.ZONES_REHEARSE,  # it tells where a wearer was: not for who draws zones without seeing tracks
    Permission.CONDITIONS_READ,
    Permission.CONDITIONS_DRAFT,
    Permission.AUTHORISATIONS_READ,
    Permission.AUTHORISATIONS_WRITE,
    Permission.PERSON_MATCHES_READ,
    Permission.ROTA_READ,
    Permission.COVER_READ,
    Permission.BREAK_GLASS_OPEN,
    Permission.LEGAL_BASES_READ,
    Permission.LEGAL_BASES_WRITE,
}
_MANAGEMENT = frozenset(
    {
        Permission.PEOPLE_READ,
        Permission.PEOPLE_WRITE,
        Permission.STAFF_READ,
        Permission.STAFF_WRITE,
        Permission.ROTA_READ,
        Permission.ROTA_WRITE,
    }
)
_POLICE = _EVERYONE | {
    Permission.CRIMES_READ,
    Permission.MATCHES_READ,
    Permission.ELIMINATIONS_READ,
    Permission.SCENE_SEARCHES_READ,
    Permission.EVIDENCE_READ,
}
POLICE_ROLES = frozenset({Role.POLICE_ANALYST, Role.MATCH_REVIEWER})
"""Their tokens name a force, and the database shows them that force's crimes and no other."""

POLICY: dict[Role, frozenset[Permission]] = {
    Role.PRACTITIONER: _SUPERVISION,
    Role.MANAGER: _SUPERVISION
    | _MANAGEMENT
    | {
        Permission.OPERATIONS_WRITE,
        Permission.CONDITIONS_APPROVE,
        Permission.DETECTION_PRECISION_READ,
        Permission.COVER_WRITE,
        Permission.BREAK_GLASS_READ,
        Permission.BREAK_GLASS_REVIEW,
        Permission.LEGAL_BASES_APPROVE,
        Permission.TRAIL_REQUESTS_READ,
        Permission.TRAIL_REQUESTS_DECIDE,
        Permission.LOOKS_READ,
        Permission.EXPORTS_REQUEST,
        Permission.EXPORTS_REVIEW,
        Permission.EXPORTS_READ,
        Permission.HOLDS_READ,
        Permission.HOLDS_WRITE,
    },
    Role.DUTY_OFFICER: _SUPERVISION
    | {Permission.OPERATIONS_WRITE, Permission.CONDITIONS_APPROVE, Permission.LEGAL_BASES_APPROVE},
    Role.POLICE_ANALYST: _POLICE
    | {
        Permission.CRIMES_IMPORT,
        Permission.MATCHING_REQUEST,
        Permission.OUTCOMES_WRITE,
        Permission.ELIMINATIONS_WRITE,
        Permission.SCENE_SEARCHES_WRITE,
        Permission.EVIDENCE_REQUEST,
        Permission.TRAIL_REQUESTS_READ,
        Permission.TRAIL_REQUESTS_WRITE,
        Permission.TRAILS_READ,
    },
    Role.MATCH_REVIEWER: _POLICE | {Permission.MATCHES_QUALIFY},
    Role.VICTIM_LIAISON: _STAFF
    | {
        Permission.VICTIMS_READ,
        Permission.VICTIMS_WRITE,
        Permission.VICTIM_ADDRESSES_READ,
        Permission.VICTIM_ADDRESSES_WRITE,
    },
    Role.MONITORING_OFFICER: _STAFF
    | {
        Permission.METRICS_READ,
        Permission.DELIVERY_READ,
        Permission.DETECTION_PRECISION_READ,
        Permission.DEVICES_HEALTH_READ,
    },
    Role.ADMINISTRATOR: _EVERYONE
    | _MANAGEMENT
    | {
        Permission.ZONES_READ,
        Permission.ZONES_WRITE,
        Permission.OPERATIONS_WRITE,
        Permission.DELIVERY_READ,
        Permission.WEBHOOKS_WRITE,
        Permission.DETECTION_PRECISION_READ,
    },
    Role.PROGRAMME_ANALYST: _EVERYONE | {Permission.DETECTION_PRECISION_READ},
    Role.AUDITOR: _EVERYONE | {Permission.AUDIT_READ, Permission.LOOKS_READ, Permission.BREAK_GLASS_READ},
}


def allows(role: Role, permission: Permission) -> bool:
    return permission in POLICY[role]


def needs_force(role: Role, permission: Permission) -> bool:
    """Whether a token of ``role`` has to name a police force for this: without one, nothing of police is theirs."""
    return role in POLICE_ROLES and permission not in _EVERYONE
