"""`cordon zones proof`."""

from datetime import datetime
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from model.zone_proof import Carrier, HeldPartition, VersionFacts, ZoneProof
from ops.errors import InputError
from store.zone_proof import zone_proof


def register(zones: typer.Typer) -> None:
    zones.command("proof")(prove)


def prove(reference: Annotated[str, typer.Argument(help="The zone's reference.")]) -> None:
    """Whether a zone is live now, with proof: its version and hours, and which workers have loaded it since when.

    Example: cordon zones proof EZ-1042
    """
    with owner_transaction() as cursor:
        proof = zone_proof(cursor, reference)
        if proof is None:
            raise InputError(f"there is no zone {reference}: `cordon zones list` shows them")
        about = Subject(person_id=proof.person_id, detail={"reference": reference, "is_live": proof.is_live})
        record_allowed(cursor, command_identity(), Action.ZONE_PROOF_READ, about)
    print_proof(proof)


def print_proof(proof: ZoneProof) -> None:
    print(proof.words)
    if proof.zone_id is None:
        return  # a condition without a zone
    for name, version in (("now", proof.holds), ("coming", proof.coming)):
        if version is not None:
            print(f"{name}: {_version(version)}")
    state = "in force" if proof.in_force else "not in force"
    print(f"{state}; {f'changes at {_time(proof.changes_at)}' if proof.changes_at else 'no change within a year'}")
    print(f"revision {proof.revision} of {_time(proof.revised_at)}; asked at {_time(proof.asked_at)}")
    print_table(
        ("PARTITION", "WORKER", "HAS LOADED", "SINCE", "AFTER", "LAST SEEN"), [_held(one) for one in proof.partitions]
    )
    if proof.tags:
        print_table(("TAG", "PARTITION", "LAST POSITION"), [_tag(one) for one in proof.tags])
    print(f"last position judged by it: {_time(proof.last_judged_at) or 'none yet'}")


def _version(one: VersionFacts) -> str:
    until = f" to {_time(one.valid_to)}" if one.valid_to else ""
    return (
        f"version {one.version} from {_time(one.valid_from)}{until}, {one.schedule_words};"
        f" geometry SHA-256 {one.geometry_sha256}"
    )


def _held(one: HeldPartition) -> tuple[str, ...]:
    return (
        str(one.partition),
        one.worker or "nobody",
        "nothing" if one.revision is None else f"revision {one.revision}",
        _time(one.since),
        "" if one.delay_s is None else f"{one.delay_s:.1f} s",
        "" if one.silent_s is None else f"{one.silent_s:.0f} s ago",
    )


def _tag(one: Carrier) -> tuple[str, ...]:
    where = "never heard: it may be any" if one.partition is None else str(one.partition)
    return one.serial or "", where, _time(one.fix_time)


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="seconds").replace("+00:00", "Z")
