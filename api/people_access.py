"""What routes about one person share: who may know that there is such a person, and refusals on the record."""

from collections.abc import Iterator
from contextlib import contextmanager

from access.audit import Action, Subject, record_refusal
from api.security import Caller, refuse_unseen
from api.services import Services
from ops.errors import InputError
from store.caseloads import manages
from store.database import Cursor
from store.enrolment import PersonRecord, read_person


@contextmanager
def one_person(
    services: Services, caller: Caller, action: Action, person_id: int
) -> Iterator[tuple[Cursor, PersonRecord]]:
    """A transaction, and the person it is about. Raises ProblemError with 404 where there is none for the caller; what
    is refused in it is recorded.
    """
    about = Subject(person_id=person_id)
    with refusals_recorded(services, caller, action, about):
        with services.pool.transaction(caller.identity) as cursor:
            person = read_person(cursor, person_id)
            if person is not None:
                yield cursor, person
        if person is None:
            raise refuse_unseen(services, caller, action, about, "person")


@contextmanager
def one_managed_person(
    services: Services, caller: Caller, action: Action, person_id: int
) -> Iterator[tuple[Cursor, PersonRecord]]:
    """The same for what only the person's manager or an administrator does. Whoever sees the person for another reason,
    such as being on duty, has 404 too.
    """
    is_managed = False
    with one_person(services, caller, action, person_id) as (cursor, person):
        is_managed = manages(cursor, person_id)
        if is_managed:
            yield cursor, person
    if not is_managed:
        raise refuse_unseen(services, caller, action, Subject(person_id=person_id), "person")


@contextmanager
def refusals_recorded(services: Services, caller: Caller, action: Action, about: Subject) -> Iterator[None]:
    try:
        yield
    except InputError:
        record_refusal(services.pool, caller.identity, action, about)
        raise
