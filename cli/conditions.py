"""`cordon conditions`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from access.audit import Action, Subject, record_allowed
from api.condition_files import adoption, read_condition_file, read_condition_table, read_one_condition
from api.zone_files import ZoneFileError
from cli.acting import APPROVERS, DRAFTERS, Actor, require_staff
from cli.condition_tables import print_changes, print_condition, print_conditions, print_refusals, print_unworded, time
from cli.owner import command_identity, owner_transaction
from cli.times import parse_time
from cli.zone_files import content_of_file, print_problems
from model.conditions import ConditionStatus
from ops.errors import InputError
from ops.settings import load_settings
from store.condition_decisions import approve, end_condition, refuse, withdraw
from store.condition_list import (
    ConditionSummary,
    ConditionVersion,
    StoredCondition,
    UnwordedZone,
    find_condition_named,
    list_conditions,
    list_unworded_zones,
    people_of_conditions,
)
from store.conditions import ConditionsRefusedError, adopt_zone, change_draft, draft_conditions
from store.database import Cursor
from store.zone_list import find_zone

PAGE = 500
Reference = Annotated[str, typer.Argument(help="The condition's reference, which is its zone's too.")]
Read = Annotated[str, typer.Option("--tag", help='What was read, as `cordon conditions show` names it: "1.2.draft".')]
conditions = typer.Typer(help="Licence conditions: drafted by one, approved by a second.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    application.add_typer(conditions, name="conditions")


@conditions.command("list")
def show_all(
    crn: Annotated[str | None, typer.Option(help="Only this person's.")] = None,
    status: Annotated[ConditionStatus | None, typer.Option(help="Only those with a version that is so.")] = None,
) -> None:
    """List conditions with their latest version. `--status draft`: what waits for a second person.

    Example: cordon conditions list --status draft
    """
    with owner_transaction() as cursor:
        found: list[ConditionSummary] = []
        while page := list_conditions(cursor, None, status, found[-1].condition_id if found else 0, PAGE):
            found += page
        shown = [one for one in found if crn is None or one.crn == crn]
        _record_list(cursor, [one.person_id for one in shown])
    print_conditions(shown)


@conditions.command("unworded")
def show_unworded() -> None:
    """List people's zones that no approved condition stands behind, so that somebody puts the legal wording to them.

    Example: cordon conditions unworded
    """
    with owner_transaction() as cursor:
        found: list[UnwordedZone] = []
        while page := list_unworded_zones(cursor, found[-1].zone_id if found else 0, PAGE):
            found += page
        _record_list(cursor, [one.person_id for one in found])
    print_unworded(found)


@conditions.command("show")
def show(reference: Reference) -> None:
    """Show a condition: every version word for word, and the tag with which a draft is decided on.

    Example: cordon conditions show EZ-1042
    """
    with owner_transaction() as cursor:
        condition, versions = _find(cursor, reference)
        detail = {"condition_id": condition.condition_id, "reference": reference}
        about = Subject(condition.person_id, row_count=len(versions), detail=detail)
        record_allowed(cursor, command_identity(), Action.CONDITION_READ, about)
    print_condition(condition, versions)


@conditions.command("draft")
def draft(
    file: Annotated[Path, typer.Argument(help="GeoJSON, or CSV where the name ends in .csv.")],
    actor: Actor,
    tag: Annotated[str | None, typer.Option(help="Change what has this tag: one condition a file.")] = None,
) -> None:
    """Draft the conditions of a file: all of them, or nothing and every problem. Nothing is watched until approved.

    Properties, or columns: crn, reference, name, kind (exclusion, inclusion, curfew, attendance or trail_monitoring),
    wording, starts, and where wanted ends, schedule, policy, disclosed, radius_m; in CSV a place is lat, lon, radius_m.
    With --tag the file is the next draft of a condition that is there.

    Example: cordon conditions draft conditions.geojson --as officer.jones
    """
    settings, content = load_settings(), content_of_file(file)
    try:
        if file.suffix.lower() == ".csv":
            drafts = read_condition_table(content, settings)
        else:
            drafts = read_condition_file(content, settings)
        with owner_transaction() as cursor:
            require_staff(cursor, actor, DRAFTERS)
            if tag is None:
                numbers = draft_conditions(cursor, drafts, actor)
                people = people_of_conditions(cursor, numbers)
                about = Subject(row_count=len(numbers), detail={"as": actor}, person_ids=people)
                record_allowed(cursor, command_identity(), Action.CONDITIONS_IMPORT, about)
            else:
                if len(drafts) != 1:
                    raise InputError(f"{file} holds {len(drafts)} conditions: with --tag give one")
                only = drafts[0]
                condition, _ = _find(cursor, only.reference)
                changed = change_draft(cursor, condition.condition_id, _quoted(tag), only, actor)
                _record(cursor, Action.CONDITION_CHANGE, actor, condition, version=changed.version)
    except ZoneFileError as error:
        print_problems(error.problems)
        raise InputError(f"nothing was drafted: {len(error.problems)} problem(s) in {file}") from None
    except ConditionsRefusedError as error:
        print_refusals(error)
        raise InputError(f"nothing was drafted: {len(error.refusals)} problem(s) in {file}") from None
    print(f"drafted: {len(drafts)}; a second person approves each: `cordon conditions approve`")


@conditions.command("adopt")
def adopt(
    reference: Annotated[str, typer.Argument(help="Of a zone in `cordon conditions unworded`.")],
    actor: Actor,
    wording: Annotated[str, typer.Option(help="The legal wording, as it stands on the licence.")],
    starts: Annotated[str | None, typer.Option(metavar="TIME", help="Left out: when the zone first held.")] = None,
) -> None:
    """Draft a condition for a person's zone that is there without one: it keeps its reference and history.

    Example: cordon conditions adopt EZ-7 --as officer.jones --wording "Not to enter Station Road."
    """
    began_at = None if starts is None else parse_time(starts)
    with owner_transaction() as cursor:
        require_staff(cursor, actor, DRAFTERS)
        found = find_zone(cursor, reference)
        if found is None or found[0].crn is None:
            raise InputError(f"nobody has a zone {reference} of their own: `cordon conditions unworded` lists them")
        try:
            given = read_one_condition(adoption(*found, wording, began_at), load_settings(), found[0].crn)
        except ZoneFileError as error:
            print_problems(error.problems)
            raise InputError(f"nothing was drafted: {len(error.problems)} problem(s)") from None
        adopt_zone(cursor, given, actor)
        condition, _ = _find(cursor, reference)
        _record(cursor, Action.CONDITION_DRAFT, actor, condition, adopted=True)
    print(f"drafted {reference}; a second person approves it: `cordon conditions approve`")


@conditions.command("approve")
def approve_one(reference: Reference, actor: Actor, tag: Read) -> None:
    """Approve the draft that was read, and publish its zone with it. Whoever wrote of it does not.

    Example: cordon conditions approve EZ-1042 --as manager.patel --tag 1.2.draft
    """
    with owner_transaction() as cursor:
        require_staff(cursor, actor, APPROVERS)
        condition, _ = _find(cursor, reference)
        timeout_ms = load_settings().lock_timeout_ms
        with print_changes():
            _, live = approve(cursor, condition.condition_id, _quoted(tag), actor, timeout_ms)
        _record(cursor, Action.CONDITION_APPROVE, actor, condition, version=live.version, zone=live.zone_version)
    print(f"{reference} version {live.version} is live, approved by {actor}")


@conditions.command("refuse")
def refuse_one(
    reference: Reference, actor: Actor, tag: Read, reason: Annotated[str, typer.Option(help="Why.")]
) -> None:
    """Refuse the draft that was read, and say why. Whoever wrote of it withdraws it instead.

    Example: cordon conditions refuse EZ-1042 --as manager.patel --tag 1.2.draft --reason "the school is in it"
    """
    with owner_transaction() as cursor:
        require_staff(cursor, actor, APPROVERS)
        condition, _ = _find(cursor, reference)
        with print_changes():
            _, refused = refuse(cursor, condition.condition_id, _quoted(tag), actor, reason)
        _record(cursor, Action.CONDITION_REFUSE, actor, condition, version=refused.version, reason=reason)
    print(f"{reference} version {refused.version} is refused")


@conditions.command("withdraw")
def withdraw_one(reference: Reference, actor: Actor, tag: Read) -> None:
    """Take the draft back; what is live stays.

    Example: cordon conditions withdraw EZ-1042 --as officer.jones --tag 1.2.draft
    """
    with owner_transaction() as cursor:
        require_staff(cursor, actor, DRAFTERS)
        condition, _ = _find(cursor, reference)
        with print_changes():
            _, withdrawn = withdraw(cursor, condition.condition_id, _quoted(tag), actor)
        _record(cursor, Action.CONDITION_WITHDRAW, actor, condition, version=withdrawn.version)
    print(f"{reference} version {withdrawn.version} is withdrawn")


@conditions.command("end")
def end(
    reference: Reference,
    actor: Actor,
    reason: Annotated[str, typer.Option(help="Why.")],
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="From when it holds no longer; now if left out.")
    ] = None,
) -> None:
    """End a condition and its zone at the same time. Where it lies in the past, what was judged is judged anew.

    Example: cordon conditions end EZ-1042 --as manager.patel --reason "the licence was varied"
    """
    moment = None if at is None else parse_time(at)
    with owner_transaction() as cursor:
        require_staff(cursor, actor, APPROVERS)
        condition, _ = _find(cursor, reference)
        timeout_ms = load_settings().lock_timeout_ms
        ended = end_condition(cursor, condition.condition_id, moment, reason, actor, timeout_ms)
        _record(cursor, Action.CONDITION_END, actor, condition, ended_at=ended.ended_at.isoformat(), reason=reason)
    print(f"{reference} ends at {time(ended.ended_at)}")


def _find(cursor: Cursor, reference: str) -> tuple[StoredCondition, list[ConditionVersion]]:
    found = find_condition_named(cursor, reference)
    if found is None:
        raise InputError(f"there is no condition {reference}: `cordon conditions list` shows them")
    return found


def _record(cursor: Cursor, action: Action, actor: str, condition: StoredCondition, **detail: Any) -> None:
    """In the name of the machine's account, with who acted."""
    about = {"condition_id": condition.condition_id, "reference": condition.reference, "as": actor}
    record_allowed(cursor, command_identity(), action, Subject(condition.person_id, detail=about | detail))


def _record_list(cursor: Cursor, people: list[int]) -> None:
    record_allowed(
        cursor, command_identity(), Action.CONDITIONS_LIST, Subject(row_count=len(people), person_ids=people)
    )


def _quoted(tag: str) -> str:
    """As the API gives it: shells take the quotes off."""
    return f'"{tag.strip(chr(34))}"'
