"""What the routes of conditions show in the OpenAPI document."""

from typing import Any

_RING = [[-0.1425, 51.501], [-0.1405, 51.501], [-0.1405, 51.502], [-0.1425, 51.502], [-0.1425, 51.501]]
_GEOMETRY = {"type": "Polygon", "coordinates": [_RING]}
_SCHEDULE = {"time_zone": "Europe/London", "weekly": [{"days": ["fri", "sat"], "from": "18:00", "to": "03:00"}]}
_WORDING = (
    "Not to enter the area of Market Square as defined by the attached map without the prior approval of your officer."
)
FEATURE = {
    "type": "Feature",
    "properties": {
        "reference": "EZ-1042",
        "name": "Market Square",
        "kind": "exclusion",
        "wording": _WORDING,
        "starts": "2026-12-01T00:00:00Z",
        "ends": "2027-06-01T00:00:00Z",
        "schedule": _SCHEDULE,
        "policy": {"preset": "fast", "buffer_m": 150},
        "disclosed": True,
    },
    "geometry": _GEOMETRY,
}
DRAFT: dict[str, Any] = {
    "version": 1,
    "status": "draft",
    "edition": 2,
    "name": "Market Square",
    "wording": _WORDING,
    "starts": "2026-12-01T00:00:00Z",
    "ends": "2027-06-01T00:00:00Z",
    "geometry": _GEOMETRY,
    "schedule": _SCHEDULE,
    "schedule_words": "Friday and Saturday 18:00 to 03:00 the next day (Europe/London)",
    "policy": {"preset": "fast", "buffer_m": 150.0},
    "disclosed": True,
    "drafters": ["officer.jones"],
    "drafted_at": "2026-11-24T10:00:00Z",
    "decided_by": None,
    "decided_at": None,
    "reason": None,
    "zone_version": None,
    "closed_by": None,
    "closed_at": None,
    "ended_at": None,
}
LIVE = DRAFT | {
    "status": "live",
    "decided_by": "manager.patel",
    "decided_at": "2026-11-24T15:30:00Z",
    "zone_version": 1,
}
_CONDITION = {
    "condition_id": 31,
    "person_id": 17,
    "crn": "X123456",
    "kind": "exclusion",
    "reference": "EZ-1042",
    "created_at": "2026-11-24T09:40:00Z",
}
DRAFTED = _CONDITION | {
    "current": DRAFT,
    "live": None,
    "last_rehearsal": {"at": "2026-11-24T09:50:00Z", "by": "officer.jones", "weeks": 4},
}
APPROVED = DRAFTED | {"current": LIVE, "live": LIVE}
VERSIONS = {"condition_id": 31, "reference": "EZ-1042", "versions": [LIVE]}
SUMMARY = {
    "condition_id": 31,
    "person_id": 17,
    "crn": "X123456",
    "kind": "exclusion",
    "reference": "EZ-1042",
    "version": 1,
    "status": "draft",
    "name": "Market Square",
    "starts_at": "2026-12-01T00:00:00Z",
    "ends_at": "2027-06-01T00:00:00Z",
    "ended_at": None,
    "drafters": ["officer.jones"],
    "live_version": None,
}
PAGE = {"conditions": [SUMMARY], "next": None}
UNWORDED = {
    "zones": [
        {
            "reference": "EZ-7",
            "person_id": 17,
            "crn": "X123456",
            "name": "Station Road",
            "kind": "exclusion",
            "valid_from": "2026-01-01T00:00:00Z",
            "created_by": "migration",
            "condition_id": None,
        }
    ],
    "next": None,
}
