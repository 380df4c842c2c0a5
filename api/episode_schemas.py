"""The shapes of episodes. Times are UTC; ids are ours."""

import uuid
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import Field

from alerts.episodes import words
from api.schemas import Answer, PersonOut
from model.casework import CaseStatus
from model.enums import AlertKind, AlertState, Severity
from model.episodes import CauseFamily, Episode
from model.times import from_microseconds, moment_or_none
from store.episodes import EpisodeNames


class ZoneOfEpisode(Answer):
    reference: str
    name: str


class EpisodeOut(Answer):
    episode_id: uuid.UUID = Field(description="The id of its earliest alert")
    words: str = Field(description="What it is, since when, and how many alerts; times are those of the office")
    cause: CauseFamily
    person: PersonOut | None = Field(description="Null for an alert about the service itself")
    zone: ZoneOfEpisode | None = Field(description="Null for what a device says")
    severity: Severity = Field(
        description="The worst of the alerts that are still to be worked; of a closed one, of all"
    )
    is_open: bool = Field(description="Whether one of its alerts is still to be worked")
    began_at: datetime
    ended_at: datetime | None = Field(description="Null while one of its alerts lasts")
    alerts_count: int
    open_count: int = Field(description="Of the alerts, those still to be worked")
    kinds: list[AlertKind]
    assigned_to: list[str] = Field(description="Who has those still to be worked")

    @classmethod
    def of(cls, episode: Episode, names: EpisodeNames, now: datetime, time_zone: ZoneInfo) -> Self:
        person_id, zone_id = episode.cause.person_id, episode.cause.zone_id
        zone = None if zone_id is None else names.zones.get(zone_id)
        open_alerts = [alert for alert in episode.alerts if alert.status.is_open]
        return cls(
            episode_id=episode.episode_id,
            words=words(episode, None if zone is None else zone[1], now, time_zone),
            cause=episode.cause.family,
            person=None if person_id is None else _person(person_id, names),
            zone=None if zone is None else ZoneOfEpisode(reference=zone[0], name=zone[1]),
            severity=episode.severity,
            is_open=episode.is_open,
            began_at=from_microseconds(episode.began_us),
            ended_at=moment_or_none(episode.ended_us),
            alerts_count=len(episode.alerts),
            open_count=len(open_alerts),
            kinds=sorted({alert.kind for alert in episode.alerts}),
            assigned_to=sorted({alert.assigned_to for alert in open_alerts if alert.assigned_to is not None}),
        )


class AlertOfEpisode(Answer):
    alert_id: uuid.UUID
    kind: AlertKind
    severity: Severity
    state: AlertState
    status: CaseStatus
    assigned_to: str | None
    began_at: datetime
    ended_at: datetime | None


class EpisodeWithAlerts(Answer):
    episode: EpisodeOut
    alerts: list[AlertOfEpisode] = Field(description="In the order of their beginnings")

    @classmethod
    def of(cls, episode: Episode, shown: EpisodeOut) -> Self:
        return cls(
            episode=shown,
            alerts=[
                AlertOfEpisode(
                    alert_id=alert.alert_id,
                    kind=alert.kind,
                    severity=alert.severity,
                    state=alert.state,
                    status=alert.status,
                    assigned_to=alert.assigned_to,
                    began_at=from_microseconds(alert.began_us),
                    ended_at=moment_or_none(alert.ended_us),
                )
                for alert in episode.alerts
            ],
        )


class EpisodesPage(Answer):
    episodes: list[EpisodeOut]
    next: str | None = Field(description="Address of the next page; null on the last")


def _person(person_id: int, names: EpisodeNames) -> PersonOut:
    crn, name = names.people[person_id]
    return PersonOut(person_id=person_id, crn=crn, name=name)
