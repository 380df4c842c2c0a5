"""Licence conditions as people read them in a terminal."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from cli.tables import print_table
from geofence import policy_documents, schedule_documents
from geofence.schedule_words import words
from model.conditions import ConditionStatus
from model.policies import policy_of
from store.condition_list import ConditionSummary, ConditionVersion, StoredCondition, UnwordedZone, current_version
from store.conditions import ConditionConflictError, ConditionsRefusedError


def print_conditions(found: Sequence[ConditionSummary]) -> None:
    rows = [
        (
            one.reference,
            one.crn,
            one.kind,
            str(one.version),
            one.status,
            "" if one.live_version is None else str(one.live_version),
            time(one.starts_at),
            time(one.ended_at or one.ends_at),
            ", ".join(dict.fromkeys(one.drafters)),
        )
        for one in found
    ]
    print_table(("REFERENCE", "FOR", "KIND", "VERSION", "STATUS", "LIVE", "STARTS", "ENDS", "DRAFTED BY"), rows)


def print_unworded(found: Sequence[UnwordedZone]) -> None:
    rows = [
        (
            one.reference,
            one.crn,
            one.kind,
            one.name,
            time(one.valid_from),
            one.created_by,
            "no" if one.condition_id is None else "yes",
        )
        for one in found
    ]
    print_table(("REFERENCE", "FOR", "KIND", "NAME", "FROM", "BY", "BEING DRAFTED"), rows)


def print_condition(condition: StoredCondition, versions: Sequence[ConditionVersion]) -> None:
    """Each version with its wording as it stands."""
    print(f"{condition.reference}: {condition.kind} for {condition.crn}")
    for one in versions:
        drafters = ", ".join(dict.fromkeys(one.drafters))
        print(f"\nversion {one.version}: {one.status}, drafted by {drafters} at {time(one.drafted_at)}")
        if one.decided_by is not None:
            verb = "approved" if one.status not in {ConditionStatus.REFUSED, ConditionStatus.WITHDRAWN} else one.status
            print(f"{verb} by {one.decided_by} at {time(one.decided_at)}")
        if one.closed_by is not None:
            print(f"{one.status} by {one.closed_by} at {time(one.closed_at)}")
        if one.reason is not None:
            print(f"because: {one.reason}")
        print(f"from {time(one.starts_at)} to {time(one.ended_at or one.ends_at) or 'no end'}")
        if one.preset is not None and one.policy is not None:
            print(f"in force: {words(schedule_documents.from_stored(one.schedule))}")
            print(f"policy: {policy_documents.in_words(one.preset, policy_of(one.preset, one.policy))}")
        print(one.wording)
    print(f"\ntag: {current_version(versions).tag.strip(chr(34))}")


def print_refusals(error: ConditionsRefusedError) -> None:
    rows = [(one.reference, one.field, one.value, one.remedy) for one in error.refusals]
    print_table(("REFERENCE", "FIELD", "FOUND", "REMEDY"), rows)


@contextmanager
def print_changes() -> Iterator[None]:
    """Where the draft was changed since it was read, say by whom and what, before the error does."""
    try:
        yield
    except ConditionConflictError as error:
        rows = [
            (f"{error.current.version}.{one.edition}", ", ".join(one.fields), one.changed_by, time(one.changed_at))
            for one in error.changes
        ]
        if rows:
            print_table(("TAG", "CHANGED", "BY", "AT"), rows)
        raise


def time(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat().replace("+00:00", "Z")
