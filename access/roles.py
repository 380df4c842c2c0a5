"""Who may do what: one policy table. Whose data a role sees is row security's matter (store/migrations)."""

from enum import StrEnum


class Role(StrEnum):
    """What a token's bearer is. Row security knows these values too."""

    PRACTITIONER = "practitioner"  # own caseload
    MANAGER = "manager"
    DUTY_OFFICER = "duty_officer"
    POLICE_ANALYST = "police_analyst"  # no trails
    MONITORING_OFFICER = "monitoring_officer"  # the health of the service; nobody's data
    ADMINISTRATOR = "administrator"  # zones and users; no tracks
    AUDITOR = "auditor"


class Permission(StrEnum):
    """What a route needs; each route names exactly one."""

    SELF_READ = "self.read"
    API_READ = "api.read"
    PEOPLE_READ = "people.read"
    VISITS_READ = "visits.read"
    ALERTS_READ = "alerts.read"
    TRACK_READ = "track.read"
    ZONES_READ = "zones.read"
    ZONES_WRITE = "zones.write"
    ZONES_REHEARSE = "zones.rehearse"
    AUTHORISATIONS_READ = "authorisations.read"
    AUTHORISATIONS_WRITE = "authorisations.write"
    METRICS_READ = "metrics.read"
    EVIDENCE_REQUEST = "evidence.request"
    EVIDENCE_READ = "evidence.read"


_EVERYONE = frozenset({Permission.SELF_READ, Permission.API_READ})
_SUPERVISION = _EVERYONE | {
    Permission.PEOPLE_READ,
    Permission.VISITS_READ,
    Permission.ALERTS_READ,
    Permission.TRACK_READ,
    Permission.ZONES_READ,
    Permission.ZONES_REHEARSE,  # it tells where a wearer was: not for who draws zones without seeing tracks
    Permission.AUTHORISATIONS_READ,
    Permission.AUTHORISATIONS_WRITE,
}

POLICY: dict[Role, frozenset[Permission]] = {
    Role.PRACTITIONER: _SUPERVISION,
    Role.MANAGER: _SUPERVISION,
    Role.DUTY_OFFICER: _SUPERVISION,
    Role.POLICE_ANALYST: _EVERYONE | {Permission.EVIDENCE_REQUEST, Permission.EVIDENCE_READ},
    Role.MONITORING_OFFICER: _EVERYONE | {Permission.METRICS_READ},
    Role.ADMINISTRATOR: _EVERYONE | {Permission.ZONES_READ, Permission.ZONES_WRITE},
    Role.AUDITOR: _EVERYONE,
}


def allows(role: Role, permission: Permission) -> bool:
    return permission in POLICY[role]
