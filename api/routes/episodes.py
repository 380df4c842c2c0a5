"""Episodes: alerts of one person and one cause as one line to work."""

import uuid
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Request

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from alerts.casework_rules import current_rules
from alerts.episodes import by_urgency, episodes, urgency_key
from alerts.open_episodes import open_episodes
from api.cursors import decode_episode_key, encode_episode_key, next_link
from api.documentation import documented
from api.episode_schemas import EpisodeOut, EpisodesPage, EpisodeWithAlerts
from api.fields import CursorText, Limit, PersonFilter
from api.security import Caller, Requires, refuse_unseen
from api.services import CurrentServices
from model.casework_rules import CaseworkRules
from model.episodes import Episode
from store.clock import service_now
from store.database import Cursor
from store.episodes import alerts_like, alerts_of_person, episode_names

router = APIRouter(tags=["alerts"])

_EPISODE: dict[str, Any] = {
    "episode_id": "0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55",
    "words": "not charging since Saturday 2:10am, 14 alerts",
    "cause": "not_charging",
    "person": {"person_id": 17, "crn": "X123456", "name": "Sam Example"},
    "zone": None,
    "severity": "warning",
    "is_open": True,
    "began_at": "2026-11-07T02:10:00Z",
    "ended_at": None,
    "alerts_count": 14,
    "open_count": 3,
    "kinds": ["battery_critical", "battery_low", "power_off"],
    "assigned_to": ["the.practitioner"],
}
_ALERT = {
    "alert_id": "0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55",
    "kind": "battery_low",
    "severity": "information",
    "state": "ended",
    "status": "acknowledged",
    "assigned_to": "the.practitioner",
    "began_at": "2026-11-07T02:10:00Z",
    "ended_at": "2026-11-07T03:05:00Z",
}


@router.get("/v1/episodes", **documented(Permission.ALERTS_READ, {"episodes": [_EPISODE], "next": None}))
def read_episodes(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.ALERTS_READ, Action.EPISODES_LIST))],
    services: CurrentServices,
    person: PersonFilter = None,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> EpisodesPage:
    """Every episode with an alert that is still to be worked, however old; of one person, the closed ones after them.

    The most serious first, then what has waited longest. Episodes are made anew from the alerts that stand at each
    request: a page that follows another begins behind the last one of that, wherever it stands by then.
    """
    after = decode_episode_key(cursor)
    with services.pool.transaction(caller.identity) as transaction:
        rules = current_rules(transaction)
        gap_s = rules.episode_gap_s
        if person is None:
            all_of_them = open_episodes(transaction, gap_s)
        else:
            all_of_them = episodes(alerts_of_person(transaction, person), gap_s)
        found = [one for one in by_urgency(all_of_them) if after is None or urgency_key(one) > after]
        page = found[:limit]
        shown = _shown(transaction, page, rules)
        about = Subject(person, row_count=len(page), person_ids=[one.cause.person_id for one in page])
        record_allowed(transaction, caller.identity, Action.EPISODES_LIST, about)
    more = None
    if found[limit:]:
        key = encode_episode_key(urgency_key(page[-1]))
        more = next_link(request.url.path, {"person": person, "limit": limit}, key)
    return EpisodesPage(episodes=shown, next=more)


@router.get(
    "/v1/episodes/{alert_id}",
    **documented(Permission.ALERTS_READ, {"episode": _EPISODE, "alerts": [_ALERT]}, HTTPStatus.NOT_FOUND),
)
def read_episode(
    caller: Annotated[Caller, Depends(Requires(Permission.ALERTS_READ, Action.EPISODE_READ))],
    services: CurrentServices,
    alert_id: Annotated[uuid.UUID, Path(description="The episode's id, or that of any of its alerts")],
) -> EpisodeWithAlerts:
    """The episode that an alert is in, with all of its alerts. One that was retracted is in none."""
    asked = {"alert_id": str(alert_id)}
    answer: EpisodeWithAlerts | None = None
    with services.pool.transaction(caller.identity) as transaction:
        rules = current_rules(transaction)
        found = episodes(alerts_like(transaction, alert_id), rules.episode_gap_s)
        wanted = [one for one in found if any(alert.alert_id == alert_id for alert in one.alerts)]
        if wanted:
            (shown,) = _shown(transaction, wanted, rules)
            answer = EpisodeWithAlerts.of(wanted[0], shown)
            about = Subject(wanted[0].cause.person_id, row_count=len(answer.alerts), detail=asked)
            record_allowed(transaction, caller.identity, Action.EPISODE_READ, about)
    if answer is None:
        raise refuse_unseen(services, caller, Action.EPISODE_READ, Subject(detail=asked), "episode")
    return answer


def _shown(cursor: Cursor, found: Sequence[Episode], rules: CaseworkRules) -> list[EpisodeOut]:
    people = {one.cause.person_id for one in found if one.cause.person_id is not None}
    zones = {one.cause.zone_id for one in found if one.cause.zone_id is not None}
    names = episode_names(cursor, people, zones)
    now, time_zone = service_now(cursor), ZoneInfo(rules.office_hours.time_zone)
    return [EpisodeOut.of(one, names, now, time_zone) for one in found]
