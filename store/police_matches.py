"""Matches as police and the supervising side read and judge them, through the database's functions, which record it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg2.errors

from model.crimes import MatchVerdict
from model.review import Decision, DistanceBand, MatchOutcome
from store.database import Cursor, fetch_one
from store.pages import Page


class UnseenError(Exception):
    """What was asked for is not there, or not the caller's."""


class NotAllowedError(Exception):
    """This caller may not do this, whatever their role; the text says why."""


class WrongStateError(Exception):
    """It cannot be done to this as it stands; the text says why."""


@dataclass(frozen=True, slots=True)
class MatchKey:
    """The place on a list of matches: by verdict, then by id."""

    rank: int
    result_id: int


@dataclass(frozen=True, slots=True)
class PoliceMatch:
    """A match as police see it. Name, CRN and PNC id are None until a reviewer confirmed it.

    ``positions`` has those in the padded window and within the report radius; ``weight`` words on chance and routine.
    """

    result_id: int
    run_id: int
    crime_id: int
    crime_version: int
    label: str
    verdict: MatchVerdict
    reasons: list[str]
    positions: list[dict[str, Any]]
    nearest: DistanceBand | None
    position_count: int
    weight: Any
    is_current: bool
    crn: str | None
    name: str | None
    pnc_id: str | None
    qualifications: list[dict[str, Any]]
    outcomes: list[dict[str, Any]]

    @property
    def key(self) -> MatchKey:
        return MatchKey(list(MatchVerdict).index(self.verdict) + 1, self.result_id)


@dataclass(frozen=True, slots=True)
class PersonMatch:
    """What matching says of a person, for whoever supervises them; ``document`` is a ``model.crimes.Match``."""

    result_id: int
    run_id: int
    run_at: datetime
    force: str
    reference: str
    crime_type: str
    crime_version: int
    lat: float
    lon: float
    place_uncertainty_m: float
    windows: list[tuple[int, int]]
    verdict: MatchVerdict
    document: dict[str, Any]
    weight: dict[str, Any] | None
    decision: Decision | None


def list_matches(cursor: Cursor, crime_id: int, after: MatchKey | None, limit: int) -> Page[PoliceMatch]:
    """The current matches of the crime's newest version: present first, then possible, then who was near elsewhere."""
    rank, result_id = (after.rank, after.result_id) if after else (None, None)
    cursor.execute("SELECT * FROM police_matches(%s, NULL, %s, %s, %s)", (crime_id, rank, result_id, limit))
    rows = cursor.fetchall()
    return Page([_match(row) for row in rows], any(row[-1] for row in rows))


def find_match(cursor: Cursor, result_id: int) -> PoliceMatch | None:
    cursor.execute("SELECT * FROM police_matches(NULL, %s, NULL, NULL, 1)", (result_id,))
    row = cursor.fetchone()
    return _match(row) if row else None


def list_person_matches(cursor: Cursor, person_id: int, before: int | None, limit: int) -> Page[PersonMatch]:
    """Of a person whom the caller may see; the newest first, from behind the one with the id ``before``."""
    cursor.execute("SELECT * FROM person_matches(%s, %s, %s)", (person_id, before, limit))
    rows = cursor.fetchall()
    return Page([_person_match(row) for row in rows], any(row[-1] for row in rows))


def qualify_match(cursor: Cursor, result_id: int, decision: Decision, note: str) -> int:
    """Raises UnseenError, NotAllowedError for whoever asked for the match, WrongStateError for a replaced one."""
    with refusals():
        cursor.execute("SELECT qualify_match(%s, %s, %s)", (result_id, decision, note))
    return int(fetch_one(cursor)[0])


def record_outcome(cursor: Cursor, result_id: int, outcome: MatchOutcome, note: str) -> int:
    """Raises UnseenError, and WrongStateError for a match that nobody confirmed."""
    with refusals():
        cursor.execute("SELECT record_outcome(%s, %s, %s)", (result_id, outcome, note))
    return int(fetch_one(cursor)[0])


def request_rerun(cursor: Cursor, crime_id: int) -> None:
    """Ask for another run over everyone. Raises UnseenError, and NotAllowedError for who reviewed a match of it."""
    with refusals():
        cursor.execute("SELECT request_rerun(%s)", (crime_id,))


@contextmanager
def refusals() -> Iterator[None]:
    """The database's refusals as errors of their own; the transaction they come from is lost."""
    try:
        yield
    except psycopg2.errors.NoDataFound:
        raise UnseenError from None
    except psycopg2.errors.InsufficientPrivilege as error:
        raise NotAllowedError(error.diag.message_primary or "") from None
    except psycopg2.errors.ObjectNotInPrerequisiteState as error:
        raise WrongStateError(error.diag.message_primary or "") from None


def _match(row: tuple[Any, ...]) -> PoliceMatch:
    values = list(row[:-1])
    values[5] = MatchVerdict(values[5])
    values[8] = DistanceBand(values[8]) if values[8] else None
    return PoliceMatch(*values)


def _person_match(row: tuple[Any, ...]) -> PersonMatch:
    values = list(row[:-1])
    values[11] = MatchVerdict(values[11])
    values[14] = Decision(values[14]) if values[14] else None
    return PersonMatch(*values)
