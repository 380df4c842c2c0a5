"""Which crossings alert, and how (pure)."""

from collections.abc import Iterable
from uuid import UUID

from geofence.presence import Crossing
from model.enums import AlertChangeKind, AlertKind, AlertState, ZoneKind
from model.visits import Alert, AlertChange, Visit, alert_identifier

CHANGE_OF_CROSSING = {
    Crossing.ENTERED: AlertChangeKind.RAISED,
    Crossing.STAYED: AlertChangeKind.UPDATED,
    Crossing.LEFT: AlertChangeKind.ENDED,
}


def decide(crossings: Iterable[tuple[Crossing, Visit]]) -> list[AlertChange]:
    """The alert changes of a batch's crossings, in their order.

    A visit to an exclusion zone raises one alert, updates it and ends it; a visit to a crime scene alerts nobody.
    Successive changes of one alert in the batch that tell nothing new are joined: a stay after the entry or after
    another stay only brings the earlier change up to date.
    """
    changes: list[AlertChange] = []
    latest: dict[UUID, int] = {}
    for crossing, visit in crossings:
        if visit.zone_kind is not ZoneKind.EXCLUSION:
            continue
        kind = CHANGE_OF_CROSSING[crossing]
        alert = _alert(visit)
        place = latest.get(alert.alert_id)
        if kind is AlertChangeKind.UPDATED and place is not None:
            changes[place] = AlertChange(changes[place].kind, alert)
            continue
        latest[alert.alert_id] = len(changes)
        changes.append(AlertChange(kind, alert))
    return changes


def _alert(visit: Visit) -> Alert:
    kind = AlertKind.EXCLUSION_ZONE_BREACH
    state = AlertState.OPEN if visit.left_us is None else AlertState.ENDED
    return Alert(alert_id=alert_identifier(visit.visit_id, kind), kind=kind, state=state, visit=visit)
