"""What the database refuses police, as problems; each refusal is recorded before it is answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus

from access.audit import Action, Subject, record_refusal
from api.errors import ProblemError
from api.security import Caller, refuse_unseen
from api.services import Services
from store.police_matches import NotAllowedError, UnseenError, WrongStateError
from store.police_questions import TooManyQuestionsError


@contextmanager
def answered_refusals(services: Services, caller: Caller, action: Action, about: Subject, what: str) -> Iterator[None]:
    """Outermost about the transaction, which is lost by the time that the refusal is recorded."""
    try:
        yield
    except UnseenError:
        raise refuse_unseen(services, caller, action, about, what) from None
    except NotAllowedError as error:
        record_refusal(services.pool, caller.identity, action, about)
        raise ProblemError(HTTPStatus.FORBIDDEN, f"This is not for you to do: {error}.") from None
    except WrongStateError as error:
        record_refusal(services.pool, caller.identity, action, about)
        raise ProblemError(HTTPStatus.CONFLICT, f"This cannot be done now: {error}.") from None
    except TooManyQuestionsError as error:
        stopped = about.detail | {"stopped_by": "police_questions_max", "force": caller.identity.force}
        record_refusal(services.pool, caller.identity, action, replace(about, detail=stopped))
        raise ProblemError(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"Nothing was asked for: {error}.",
            headers={"Retry-After": str(error.retry_after_s)},
        ) from None
