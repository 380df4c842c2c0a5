"""What the routes of operations answer, by example."""

from access.roles import Permission
from api.documentation import also_answers, documented
from api.operation_schemas import AuthorityOut

_RECORD = {
    "from": "2026-11-28T15:00:00Z",
    "to": "2026-11-29T03:00:00Z",
    "officer": "Alex Thornbury",
    "rank": "inspector",
    "reason": "two stabbings in the area since noon",
    "recorded_by": "duty.okafor",
    "recorded_at": "2026-11-28T15:04:00Z",
}
AUTHORITY = {
    "reference": "S60-2026-114",
    "power": "section_60",
    "wards": ["E05000644", "E05000646"],
    "from": "2026-11-28T15:00:00Z",
    "to": "2026-11-29T03:00:00Z",
    "state": "open",
    "closed_at": None,
    "closed_by": None,
    "records": [_RECORD],
}
EXTENDED = AUTHORITY | {
    "to": "2026-11-29T15:00:00Z",
    "records": [
        _RECORD,
        _RECORD
        | {
            "from": "2026-11-29T03:00:00Z",
            "to": "2026-11-29T15:00:00Z",
            "officer": "Sam Whitcombe",
            "rank": "superintendent",
            "recorded_at": "2026-11-29T02:10:00Z",
        },
    ],
}
CLOSED = AUTHORITY | {"state": "closed", "closed_at": "2026-11-28T22:30:00Z", "closed_by": "duty.okafor"}
WARD = {"code": "E05000644", "name": "St James's"}
MATCH_DAYS = {
    "match_days": [
        {
            "date": "2026-11-28",
            "from": "12:00",
            "to": "18:00",
            "event": "League match, kick-off 15:00",
            "begins_at": "2026-11-28T12:00:00Z",
            "ends_at": "2026-11-28T18:00:00Z",
        }
    ]
}
OPEN_ROUTE = documented(Permission.OPERATIONS_WRITE, AUTHORITY)
also_answers(OPEN_ROUTE, 201, AuthorityOut, "Opened", AUTHORITY)
