"""Whether a zone is live, answered with proof."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.documentation import documented
from api.fields import ZoneReference
from api.security import Caller, Requires, refuse_unseen
from api.services import CurrentServices
from api.zone_proof_schemas import ZoneProofOut
from store.zone_proof import zone_proof

router = APIRouter(tags=["zones"])

_SHA256 = "8b0f3f7f6f6f5a0c1f2d9b5b5c0a1e8f3d7c6b5a49382716f5e4d3c2b1a09f8e"
_HOLDS = {
    "version": 2,
    "valid_from": "2026-11-01T00:00:00Z",
    "valid_to": None,
    "geometry_sha256": _SHA256,
    "schedule_words": "at all times",
}
_PARTITION = {
    "partition": 3,
    "worker": "worker-b-5c1d2e3f",
    "revision": 4711,
    "silent_s": 2.4,
    "since": "2026-11-01T00:00:00.610000Z",
    "delay_s": 0.61,
}
_TAG = {
    "partition": 3,
    "serial": "TAG-0001",
    "fix_time": "2026-11-22T09:59:12Z",
    "received_at": "2026-11-22T09:59:14Z",
}
_PROOF = {
    "reference": "EZ-1042",
    "is_live": True,
    "words": "Yes: zone EZ-1042 is live, by its version 2.",
    "reasons": [],
    "asked_at": "2026-11-22T10:00:00Z",
    "holds": _HOLDS,
    "coming": None,
    "in_force": True,
    "changes_at": None,
    "revision": 4710,
    "revised_at": "2026-11-01T00:00:00Z",
    "partitions": [_PARTITION],
    "tags": [_TAG],
    "last_judged_at": "2026-11-22T09:59:12Z",
}


@router.get("/v1/zones/{reference:path}/proof", **documented(Permission.ZONES_READ, _PROOF, HTTPStatus.NOT_FOUND))
def read_zone_proof(
    caller: Annotated[Caller, Depends(Requires(Permission.ZONES_READ, Action.ZONE_PROOF_READ))],
    services: CurrentServices,
    reference: ZoneReference,
) -> ZoneProofOut:
    """Whether the zone is live now: yes or no in words with every reason, and which workers have loaded it since when.

    Live is: in force now, a tag is worn for it, and whoever judges the positions that may come for it has the zone as
    it stands and said so within the last 30 seconds.
    """
    with services.pool.transaction(caller.identity) as transaction:
        proof = zone_proof(transaction, reference)
        if proof is not None:
            about = Subject(person_id=proof.person_id, detail={"reference": reference, "is_live": proof.is_live})
            record_allowed(transaction, caller.identity, Action.ZONE_PROOF_READ, about)
    if proof is None:
        raise refuse_unseen(services, caller, Action.ZONE_PROOF_READ, Subject(detail={"reference": reference}), "zone")
    return ZoneProofOut.model_validate(proof)
