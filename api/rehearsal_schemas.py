"""The answer of a rehearsal. It tells where a wearer was, so it is as private as a track."""

from datetime import datetime
from typing import Self

from pydantic import Field

from alerts.rehearsal import PredictedAlert, Week
from api.rehearsing import Rehearsed, Simulation
from api.schemas import Answer
from geofence.rehearsal_warnings import Figure, RehearsalWarning, WarningCode
from model.enums import AlertKind, Mechanism, Severity, ZoneKind
from model.times import from_microseconds, moment_or_none
from model.visits import EvidencePosition, Verdict

NO_MAP = "main roads and railways were not looked up: CORDON_MAP_WAYS_FILE is not set"
LAWFUL_TIMES = (
    "Positions were looked at in times of trail monitoring or another legal basis, and in and around visits, and at no"
    " others: where there are few, the zone may alert more often than is said here."
)


class SimulationOut(Answer):
    seed: int
    home: tuple[float, float] = Field(description="Longitude and latitude that the routine was laid about")
    home_is: str = Field(description="Why there")
    note: str = "a simulated routine: it says nothing about this wearer's ways"

    @classmethod
    def of(cls, simulation: Simulation) -> Self:
        lon, lat = simulation.home
        return cls(seed=simulation.seed, home=(round(lon, 6), round(lat, 6)), home_is=simulation.home_is)


class WhyOut(Answer):
    """One position, and what it said about the stay."""

    fix_time: datetime
    verdict: Verdict
    p_inside: float
    depth_m: float = Field(description="Signed distance to the boundary, inside positive")
    accuracy_m: float | None
    mechanism: str

    @classmethod
    def of(cls, position: EvidencePosition) -> Self:
        return cls(
            fix_time=from_microseconds(position.fix_time_us),
            verdict=position.verdict,
            p_inside=round(position.p_inside, 4),
            depth_m=round(position.depth_m, 1),
            accuracy_m=position.accuracy_m,
            mechanism=Mechanism(position.mechanism).word,
        )


class PredictedAlertOut(Answer):
    kind: AlertKind
    severity: Severity
    entered_at: datetime = Field(description="Where absence is watched: the first position outside")
    confirmed_at: datetime | None = Field(description="When it would have been raised; null for an inferred crossing")
    left_at: datetime | None = Field(description="Null while it goes on at the end of the positions")
    place: tuple[float, float] = Field(description="Longitude and latitude of the deepest position")
    why: list[WhyOut] = Field(description="The positions from the first to the confirming one, at most 12")

    @classmethod
    def of(cls, alert: PredictedAlert) -> Self:
        visit = alert.visit
        deepest = visit.evidence.deepest
        return cls(
            kind=alert.kind,
            severity=alert.severity,
            entered_at=from_microseconds(visit.entered_us),
            confirmed_at=moment_or_none(visit.confirmed_us),
            left_at=moment_or_none(visit.left_us),
            place=(deepest.lon, deepest.lat),
            why=[WhyOut.of(deepest if visit.inferred else position) for position in visit.evidence.trail],
        )


class WeekOut(Answer):
    from_time: datetime
    until_time: datetime
    alerts: int

    @classmethod
    def of(cls, week: Week) -> Self:
        return cls(
            from_time=from_microseconds(week.from_us), until_time=from_microseconds(week.until_us), alerts=week.alerts
        )


class WarningOut(Answer):
    code: WarningCode
    words: str
    remedy: str
    place: tuple[float, float] | None = Field(description="Longitude and latitude")
    figures: dict[str, Figure]

    @classmethod
    def of(cls, warning: RehearsalWarning) -> Self:
        return cls(
            code=warning.code,
            words=warning.words,
            remedy=warning.remedy,
            place=warning.place,
            figures=dict(warning.figures),
        )


class RehearsalOut(Answer):
    reference: str
    name: str
    kind: ZoneKind
    person_id: int
    from_time: datetime
    until_time: datetime
    simulation: SimulationOut | None = Field(description="Null where the wearer's own positions were used")
    positions: int
    days: int = Field(description="Different days with positions, by UTC")
    alert_count: int
    by_kind: dict[AlertKind, int]
    weeks: list[WeekOut]
    recorded: int = Field(description="Confirmed stays that alert nobody: of a crime scene")
    unconfirmed: int = Field(description="Possible stays that were never confirmed: nobody would have been told")
    alerts: list[PredictedAlertOut]
    warnings: list[WarningOut]
    notes: list[str] = Field(description="What was not looked at")

    @classmethod
    def of(cls, done: Rehearsed) -> Self:
        rehearsal = done.rehearsal
        return cls(
            reference=done.draft.reference,
            name=done.draft.name,
            kind=done.draft.kind,
            person_id=done.wearer.person_id,
            from_time=done.window.from_time,
            until_time=done.window.until_time,
            simulation=None if done.simulation is None else SimulationOut.of(done.simulation),
            positions=rehearsal.positions,
            days=rehearsal.days,
            alert_count=len(rehearsal.alerts),
            by_kind=rehearsal.by_kind,
            weeks=[WeekOut.of(week) for week in rehearsal.weeks],
            recorded=rehearsal.recorded,
            unconfirmed=rehearsal.unconfirmed,
            alerts=[PredictedAlertOut.of(alert) for alert in rehearsal.alerts],
            warnings=[WarningOut.of(warning) for warning in rehearsal.warnings],
            notes=[
                *([] if rehearsal.is_map_known else [NO_MAP]),
                *([] if done.simulation is not None else [LAWFUL_TIMES]),
            ],
        )
