"""What police ask of a trail, from the request's body to what is stored: every problem at once, with its place."""

from datetime import datetime, timedelta

from api.trail_areas import Problems
from api.trail_schemas import TrailRequestIn
from model.times import EARLIEST
from model.zones import Circle, Ring
from store.checks import checked_text
from store.trail_requests import TrailWanted

LONGEST_WINDOW = timedelta(days=7)
LONGEST_CRN = 32
LONGEST_REASON = 500
LONGEST_NAME = 200


def problems_of(wanted: TrailRequestIn, now: datetime) -> Problems:
    """Of everything but the area and whether there is such a crime."""
    problems = []
    if wanted.begins_at < EARLIEST:
        problems.append(("body.from", "give a time since 1970"))
    if wanted.ends_at <= wanted.begins_at:
        problems.append(("body.to", "give a time after from"))
    if wanted.ends_at - wanted.begins_at > LONGEST_WINDOW:
        problems.append(("body.to", f"a request covers at most {LONGEST_WINDOW.days} days"))
    if wanted.ends_at > now:
        problems.append(("body.to", "give a time that is over: nobody is followed from now on"))
    if (wanted.crn is None) == (wanted.match is None):
        problems += [(f"body.{name}", "give exactly one of crn and match") for name in ("crn", "match")]
    if wanted.match is not None and (wanted.crime is not None or wanted.operation is not None):
        problems.append(("body.crime", "a match is for its own crime: give neither crime nor operation"))
    if wanted.crn is not None and (wanted.crime is None) == (wanted.operation is None):
        problems += [(f"body.{name}", "give exactly one of crime and operation") for name in ("crime", "operation")]
    return problems


def trail_wanted(wanted: TrailRequestIn, crime_id: int | None, area: Circle | Ring) -> TrailWanted:
    """Raises InputError where a text is empty, too long or no plain text."""
    return TrailWanted(
        _text("the crn", wanted.crn, LONGEST_CRN),
        wanted.match,
        crime_id,
        _text("the operation", wanted.operation, LONGEST_NAME),
        checked_text("the reason", wanted.reason, LONGEST_REASON),
        wanted.legal_basis,
        checked_text("the reference", wanted.basis_reference, LONGEST_NAME),
        wanted.begins_at,
        wanted.ends_at,
        area,
    )


def _text(what: str, given: str | None, longest: int) -> str | None:
    return None if given is None else checked_text(what, given, longest)
