"""What it means to publish a zone's draft, given what is there: a new zone, a new version, nothing, or a refusal."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from geofence import schedule_documents
from geofence.applicability import never_applies
from geofence.drafts import ZoneDraft
from geofence.geojson import to_geojson
from model.policies import policy_of
from ops.errors import InputError
from store.zone_list import CurrentZone

LONGEST_REFERENCE = 100
LONGEST_NAME = 200
CONTENT = ("name", "kind", "geometry", "active_from", "active_to", "schedule", "preset", "policy", "is_disclosed")
"""The columns of a version that its draft decides; together they are what an edit changes."""


class Outcome(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class ZoneRefusal:
    """Why a zone whose own content is right cannot be published here."""

    reference: str
    value: str
    remedy: str

    def __str__(self) -> str:
        return f"zone {self.reference}: {self.value}; {self.remedy}"


class ZonesRefusedError(InputError):
    """Nothing was published; ``refusals`` holds every reason."""

    def __init__(self, refusals: Sequence[ZoneRefusal]) -> None:
        super().__init__("\n".join(map(str, refusals)))
        self.refusals = tuple(refusals)


@dataclass(frozen=True, slots=True)
class Decision:
    draft: ZoneDraft
    current: CurrentZone | None
    owner: int | None
    outcome: Outcome
    valid_from: datetime
    valid_to: datetime | None = None
    closes_current: bool = False

    @property
    def version(self) -> int:
        before = self.current.latest.version if self.current else 0
        return before if self.outcome is Outcome.UNCHANGED else before + 1


def judge(
    draft: ZoneDraft, owners: dict[str, int], current: CurrentZone | None, now: datetime
) -> Decision | ZoneRefusal:
    """``owners``: the people that the drafts name, by CRN; ``now``: from when an edit holds that does not say."""
    for field, value, longest in (
        ("reference", draft.reference, LONGEST_REFERENCE),
        ("name", draft.name, LONGEST_NAME),
    ):
        if len(value) > longest:
            found = f"the {field} has {len(value)} characters"
            return ZoneRefusal(draft.reference[:LONGEST_REFERENCE], found, f"give at most {longest}")
    owner = None if draft.crn is None else owners.get(draft.crn)
    if draft.crn is not None and owner is None:
        return ZoneRefusal(draft.reference, f"nobody has the CRN {draft.crn}", "correct it, or add the person first")
    if current is None:
        first = draft.valid_from or draft.active_from or now
        return _never(draft, first) or Decision(draft, None, owner, Outcome.CREATED, first)
    if owner != current.person_id:
        return ZoneRefusal(
            draft.reference, "the zone belongs to someone else", "a zone keeps its owner: choose another reference"
        )
    if draft.valid_from is not None and draft.valid_from < current.latest.valid_from:
        return ZoneRefusal(
            draft.reference,
            f"valid_from {draft.valid_from.isoformat()} is before the current version's",
            f"give {current.latest.valid_from.isoformat()} or later, or leave it out",
        )
    return _judge_edit(draft, owner, current, now)


def content_of(draft: ZoneDraft) -> dict[str, object]:
    """The columns of ``CONTENT``, as they are stored."""
    return {
        "name": draft.name,
        "kind": draft.kind.value,
        "geometry": to_geojson(draft.geometry),
        "active_from": draft.active_from,
        "active_to": draft.active_to,
        "schedule": None if draft.schedule is None else schedule_documents.to_document(draft.schedule),
        "preset": draft.preset,
        "policy": asdict(draft.policy),  # every value: a later release may change what a preset means
        "is_disclosed": draft.is_disclosed,
    }


def _judge_edit(draft: ZoneDraft, owner: int | None, current: CurrentZone, now: datetime) -> Decision | ZoneRefusal:
    latest = current.latest
    ended = latest.valid_to is not None and latest.valid_to <= (draft.valid_from or now)
    reopens = ended and draft.valid_from is not None
    stored = {name: getattr(latest, name) for name in CONTENT}
    if content_of(draft) == stored | {"policy": asdict(policy_of(latest.preset, latest.policy))} and not reopens:
        return Decision(draft, current, owner, Outcome.UNCHANGED, latest.valid_from)
    if ended and not reopens:
        return ZoneRefusal(draft.reference, "the zone has ended", "give valid_from to open it again from then")
    valid_from = draft.valid_from or max(now, latest.valid_from)
    return _never(draft, valid_from) or Decision(
        draft,
        current,
        owner,
        Outcome.CHANGED,
        valid_from,
        valid_to=None if ended else latest.valid_to,  # an end that was set stays set
        closes_current=not ended,
    )


def _never(draft: ZoneDraft, valid_from: datetime) -> ZoneRefusal | None:
    """Why its hours never come from then on; what is published already and stays as it is may be over."""
    if draft.schedule is None:
        return None
    problem = never_applies(draft.schedule, max(filter(None, (valid_from, draft.active_from))), draft.active_to)
    return None if problem is None else ZoneRefusal(draft.reference, f"its schedule: {problem.value}", problem.remedy)
