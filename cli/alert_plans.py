"""`cordon alerts plan`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from pydantic import ValidationError

from access.audit import Action, Subject, record_allowed
from api.casework_schemas import PlanIn
from cli.owner import command_identity, owner_transaction
from model.response_plans import ResponsePlan
from ops.errors import InputError
from store.response_plans import add_plan, default_plans, newest_plan
from store.zone_list import find_zone

plans = typer.Typer(help="What is to be done about the alerts of a zone.", no_args_is_help=True)


def register(alerts: typer.Typer) -> None:
    alerts.add_typer(plans, name="plan")


@plans.command("show")
def show(
    reference: Annotated[str | None, typer.Argument(help="The zone's reference; left out: the plans by kind.")] = None,
) -> None:
    """Print a zone's plan as `cordon alerts plan set` takes it, or the plans of zones without their own, by kind.

    Example: cordon alerts plan show EZ-1042 > plan.json
    """
    with owner_transaction() as cursor:
        if reference is None:
            shown: object = {plan.alert_kind: _document(plan) for plan in default_plans(cursor)}
        else:
            found = newest_plan(cursor, reference)
            if found is None:
                raise InputError(f"the zone {reference} has no plan of its own: its alerts have that of their kind")
            shown = _document(found)
        record_allowed(cursor, command_identity(), Action.RESPONSE_PLAN_READ, Subject(detail={"reference": reference}))
    print(json.dumps(shown, indent=2, ensure_ascii=False))


@plans.command("set")
def set_plan(
    reference: Annotated[str, typer.Argument(help="The zone's reference.")],
    file: Annotated[Path, typer.Argument(help="A JSON document in the form that `cordon alerts plan show` prints.")],
) -> None:
    """Give a zone the plan in FILE. Alerts raised from now on have it, earlier ones keep theirs.

    Example: cordon alerts plan set EZ-1042 plan.json
    """
    wanted = _read(file)
    identity = command_identity()
    with owner_transaction() as cursor:
        found = find_zone(cursor, reference)
        if found is None:
            raise InputError(f"there is no zone {reference}: `cordon zones list` shows them")
        zone, _ = found
        version = add_plan(cursor, zone.zone_id, wanted.plan_steps(), wanted.emergency_when, identity.subject)
        about = Subject(zone.person_id, detail={"reference": reference, "version": version})
        record_allowed(cursor, identity, Action.RESPONSE_PLAN_SET, about)
    print(f"version {version} of the plan of {reference} holds for the alerts from now on")


def _read(file: Path) -> PlanIn:
    try:
        return PlanIn.model_validate(msgspec.json.decode(file.read_bytes()))
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from None
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise InputError(f"the plan in {file} does not hold together:\n" + "\n".join(faults)) from None


def _document(plan: ResponsePlan) -> dict[str, Any]:
    return {"emergency_when": plan.emergency_when, "steps": [asdict(step) for step in plan.steps]}
