"""What the routes of requests for trails answer, for the OpenAPI document."""

from typing import Any

REQUESTED: dict[str, Any] = {
    "trail_request_id": 12,
    "force": "Metropolitan",
    "crn": "X123456",
    "person_id": None,
    "match": None,
    "crime": "CRI/2026/1",
    "operation": None,
    "reason": "his car was seen at three of the robberies",
    "legal_basis": "prevention_and_detection",
    "basis_reference": "Op Larch, decision log 14",
    "from": "2026-11-22T18:00:00Z",
    "to": "2026-11-23T02:00:00Z",
    "area": {"type": "Point", "coordinates": [-0.1419, 51.5014], "radius_m": 500.0},
    "requested_by": "a.analyst",
    "requested_at": "2026-11-23T11:00:00Z",
    "decided_until": "2026-11-26T11:00:00Z",
    "state": "requested",
    "expires_at": None,
    "decisions": [],
    "authorised_before": None,
}
DECISION = {
    "decision": "authorised",
    "reason": "proportionate to the robberies",
    "decided_by": "a.manager",
    "decided_at": "2026-11-23T12:00:00Z",
    "expires_at": "2026-11-24T12:00:00Z",
}
DECIDED = REQUESTED | {
    "person_id": 17,
    "state": "authorised",
    "expires_at": "2026-11-24T12:00:00Z",
    "decisions": [DECISION],
    "authorised_before": 0,
}
TRAIL: dict[str, Any] = {
    "trail_request_id": 12,
    "expires_at": "2026-11-24T12:00:00Z",
    "positions": [
        {
            "fix_time": "2026-11-22T21:04:12Z",
            "lat": 51.5015,
            "lon": -0.142,
            "accuracy_m": 8.0,
            "mechanism": "gps",
            "speed_mps": 1.2,
            "heading_deg": 271.0,
            "flags": [],
        }
    ],
    "next": None,
}
