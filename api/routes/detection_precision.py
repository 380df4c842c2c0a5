"""How often detection was right, measured by what officers found."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from access.audit import Action, Subject, record_allowed
from access.roles import Permission, Role
from alerts.precision import FEW_CASES, LEAST_CASES, DetectionPrecision, measure, rounded
from api.documentation import documented
from api.security import Caller, Requires
from api.services import CurrentServices
from store.precision import read_judged_alerts

router = APIRouter(tags=["alerts"])

_KIND: dict[str, Any] = {
    "kind": "exclusion_zone_breach",
    "preset": None,
    "raised_month": None,
    "alerts": 30,
    "still_open": 9,
    "retracted": 2,
    "outcomes": {"breach": 12, "allowed": 4, "false_alarm": 3, "not_counted": 0},
    "reopened": 1,
    "contested": 2,
    "overturned": 1,
    "decided": 19,
    "right": {"share": 0.842, "least": 0.624, "most": 0.945},
    "breach": {"share": 0.632, "least": 0.41, "most": 0.809},
    "words": "right in 84 % (62 % to 94 %) of 19, few cases; not final, 9 of 30 alerts are open",
}
_EXAMPLE: dict[str, Any] = {
    "least_cases": LEAST_CASES,
    "few_cases": FEW_CASES,
    "rounded_to": 1,
    "kinds": [_KIND],
    "months": [{**_KIND, "preset": "steady", "raised_month": "2026-11-01"}],
}


@router.get("/v1/detection-precision", **documented(Permission.DETECTION_PRECISION_READ, _EXAMPLE))
def read_detection_precision(
    caller: Annotated[Caller, Depends(Requires(Permission.DETECTION_PRECISION_READ, Action.DETECTION_PRECISION_READ))],
    services: CurrentServices,
) -> DetectionPrecision:
    """What came of alerts, by kind, and by kind, preset of the zone and month (UTC) in which they were raised.

    `right` is the part of the decided alerts in which detection was right (all but false alarms), `breach` that in
    which it was a breach, with 95 % confidence intervals (Wilson). Of fewer than `least_cases` decided alerts nothing
    is said of what came of them. While alerts are open a figure is not final.
    A programme analyst reads counts rounded to `rounded_to`, and no share of fewer than `few_cases`.
    """
    with services.pool.transaction(caller.identity) as transaction:
        judged = read_judged_alerts(transaction)
        about = Subject(row_count=len(judged))
        record_allowed(transaction, caller.identity, Action.DETECTION_PRECISION_READ, about)
    figures = measure(judged)
    return rounded(figures) if caller.role is Role.PROGRAMME_ANALYST else figures
