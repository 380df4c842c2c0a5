"""A condition as its routes answer with it, or what is wrong as problems; each refusal is recorded."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http import HTTPStatus

from fastapi import Response

from access.audit import Action, Subject
from api.condition_schemas import ConditionOut, ConditionVersionOut
from api.errors import ProblemError
from api.people_access import refusals_recorded
from api.routes.zones import problem_document
from api.security import Caller
from api.services import Services
from api.zone_files import ZoneFileError
from ops.errors import InputError
from store.condition_decisions import SamePersonError
from store.condition_list import current_version, find_condition, find_rehearsal
from store.conditions import ConditionConflictError, ConditionsRefusedError
from store.database import Cursor
from store.zone_decisions import ZonesRefusedError


def shown(cursor: Cursor, response: Response, condition_id: int) -> ConditionOut | None:
    """The condition as it stands in this transaction, and its ETag; None where there is none to see."""
    found = find_condition(cursor, condition_id)
    if found is None:
        return None
    condition, versions = found
    response.headers["ETag"] = current_version(versions).tag
    return ConditionOut.of(condition, versions, find_rehearsal(cursor, condition))


def shown_after(cursor: Cursor, response: Response, condition_id: int) -> ConditionOut:
    """The same of one that was just written."""
    answer = shown(cursor, response, condition_id)
    if answer is None:
        raise LookupError("a condition that was written is not there")
    return answer


@contextmanager
def refusals_answered(services: Services, caller: Caller, action: Action, about: Subject) -> Iterator[None]:
    """Raises ProblemError, on record: 403 for the same person, 409 for what is no longer so, 422 with all errors."""
    try:
        with refusals_recorded(services, caller, action, about):
            yield
    except InputError as error:
        raise _problem(error) from None


def _problem(error: InputError) -> ProblemError:
    match error:
        case SamePersonError():
            return ProblemError(HTTPStatus.FORBIDDEN, f"{error}.")
        case ConditionConflictError():
            return ProblemError(
                HTTPStatus.CONFLICT,
                f"Nothing was changed: {error}.",
                headers={"ETag": error.current.tag},
                current=ConditionVersionOut.of(error.current).model_dump(mode="json"),
                changes=[
                    {
                        "edition": one.edition,
                        "fields": one.fields,
                        "by": one.changed_by,
                        "at": one.changed_at.isoformat(),
                    }
                    for one in error.changes
                ],
            )
        case ZoneFileError():
            errors = [problem_document(one) for one in error.problems]
        case ConditionsRefusedError():
            errors = [asdict(one) for one in error.refusals]
        case ZonesRefusedError():
            errors = [asdict(one) for one in error.refusals]
        case _:
            return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"Nothing was changed: {error}.")
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"Nothing was changed: {len(errors)} problem(s), each with its place and remedy in errors.",
        errors=errors,
    )
