"""The API with two forces' crimes behind it, and what police ask it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from access.roles import Role
from ingest.matching.run import engine_of, patient_tasks, tasks
from model.times import to_microseconds
from store.database import connect
from tests.access.police_world import MINUTE, PoliceWorld, seed_police_world
from tests.support.api_server import RunningApi, running_api
from tests.support.crimes import OTHER_FORCE, SCENE_LAT, SCENE_LON
from tests.support.database import DatabaseUrls
from tests.support.matching import match_settings
from tests.support.seed import MORNING, as_owner, seed_token
from tests.support.stored_tracks import Sent, TrackWriter


@dataclass(frozen=True, slots=True)
class PoliceApi:
    api: RunningApi
    world: PoliceWorld
    other_force: str  # token of an analyst of the other force

    def get(self, path: str, role: Role = Role.POLICE_ANALYST) -> httpx.Response:
        return self.api.get(role, path)

    def post(self, path: str, body: object = None, role: Role = Role.POLICE_ANALYST) -> httpx.Response:
        with self.api.client(role) as client:
            return client.post(path, json=body)

    def as_other_force(self, method: str, path: str, body: object = None) -> httpx.Response:
        with self.api.client() as client:
            return client.request(method, path, json=body, headers={"Authorization": f"Bearer {self.other_force}"})

    def qualify(self, result: int, decision: str = "confirmed") -> httpx.Response:
        body = {"decision": decision, "note": "two good positions"}
        return self.post(f"/v1/matches/{result}/qualification", body, Role.MATCH_REVIEWER)

    def audited(self, action: str) -> list[tuple[Any, ...]]:
        """Outcome, subject, person and rows of each record of the action."""
        return [record[:4] for record in self.api.audit(action)]


@contextmanager
def police_api(urls: DatabaseUrls, **settings: object) -> Iterator[PoliceApi]:
    with running_api(urls, **settings) as api:
        with as_owner(urls.owner) as cursor:
            token = seed_token(cursor, Role.POLICE_ANALYST, "their.analyst", force=OTHER_FORCE)
        yield PoliceApi(api, seed_police_world(urls, api.own, api.other), token)


def write_tracks(urls: DatabaseUrls) -> None:
    """A position a minute: the own wearer comes by the scene for ten minutes, the other one is 11 km away."""
    sent = [
        Sent(f"TAG-{crn}", to_microseconds(MORNING + minute * MINUTE), lat, SCENE_LON)
        for minute in range(-60, 90)
        for crn, lat in (
            ("X100001", SCENE_LAT if 5 <= minute <= 15 else SCENE_LAT + 0.03),
            ("X100002", SCENE_LAT + 0.1),
        )
    ]
    with closing(connect(urls.worker, "test")) as connection:
        TrackWriter(connection).take(sent)


def answer_everything(urls: DatabaseUrls) -> None:
    """Every task of the matcher, until nothing waits."""
    with closing(connect(urls.worker, "test")) as connection:
        settings = match_settings(urls)
        engine = engine_of(settings)
        for task in tasks(settings, engine) + patient_tasks(engine):
            while task.round(connection):
                pass
