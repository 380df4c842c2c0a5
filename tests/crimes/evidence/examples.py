"""A dossier as a service would have it, with text that tries to act."""

from dataclasses import replace

from crimes.evidence.dossier import (
    CrimeStatement,
    DeviceFact,
    Dossier,
    EvidenceRequest,
    Finding,
    Maker,
    OriginalMessage,
    RejectedFix,
    Review,
    RunFacts,
    StatedGap,
    WearerIdentity,
    WornTag,
)
from model.crimes import MatchedPosition, MatchingSettings, MatchVerdict, Window
from model.enums import Mechanism

MINUTE_US = 60_000_000
STOLEN_AT_US = 1_761_438_600_000_000  # 2025-10-26 00:30 UTC: 01:30 British Summer Time
HOSTILE = '#eval("1") $x$ @ref [b] *c* <script> & \\ "quoted" \u202egnp.exe\x07 \u4e2d\U0001f600 =HYPERLINK("http://x")'
LAT, LON = 51.499946, -0.137433


def position(minute: float, north_m: float, east_m: float, label: str | None, **changes: object) -> MatchedPosition:
    lat, lon = LAT + north_m / 111_250, LON + east_m / 69_400
    made = MatchedPosition(
        device_id=7,
        fix_time_us=STOLEN_AT_US + int(minute * MINUTE_US),
        fix_key=int(minute * 1000) - 5_000_000_000,
        lat=lat,
        lon=lon,
        accuracy_m=12.5,
        accuracy_stated=True,
        mechanism=Mechanism.GPS,
        speed_mps=1.4,
        heading_deg=271.0,
        flags=0,
        distance_m=(north_m**2 + east_m**2) ** 0.5,
        overlap=1.0,
        label=label,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


POSITIONS = (
    position(-9, 130, 40, None, overlap=0.1, speed_mps=None, heading_deg=None),
    position(0, 60, 30, "A1"),
    position(1, 20, 12, "A2"),
    position(2, 18, 10, "A3", accuracy_m=25.0, accuracy_stated=False),
    position(3, 17, 9, "A4"),
    position(30, -50, -30, "B1"),
    position(31, -52, -35, "B2", mechanism=Mechanism.WIFI, accuracy_m=40.0, overlap=0.93),
)


def original(one: MatchedPosition) -> OriginalMessage:
    return OriginalMessage("TAG-0007", one.fix_time_us, one.fix_key, "tag.pings", 3, 4711, "ab" * 32, "cd" * 32, None)


def dossier(**changes: object) -> Dossier:
    searched = Window(STOLEN_AT_US - 10 * MINUTE_US, STOLEN_AT_US + 70 * MINUTE_US)
    made = Dossier(
        reference="EV-12",
        issued_at_us=STOLEN_AT_US + 5000 * MINUTE_US,
        software_version="0.1.0",
        request=EvidenceRequest(
            "dc.jones", "Metropolitan Police", f"charging decision {HOSTILE}", "DPA 2018 Schedule 2", STOLEN_AT_US
        ),
        maker=Maker("A. Smith, monitoring centre", "AS/12"),
        crime=CrimeStatement(
            force="Metropolitan Police",
            reference="01/7654321/25",
            version=2,
            batch="MPS20251027-1",
            row_number=14,
            crime_type="RB",
            description="Robbery",
            lat=LAT,
            lon=LON,
            place_uncertainty_m=25.0,
            windows=(Window(STOLEN_AT_US, STOLEN_AT_US + 60 * MINUTE_US),),
            notes=("the local time 01:30 is two instants: both are searched",),
            given=(("crime_text", HOSTILE), ("date_from", "20251026013000")),
            changed_fields=("date_to",),
        ),
        windows=(searched,),
        wearer=WearerIdentity("Sam Néill", "X100001", "2020/1234567A", None, "1990-02-28"),
        tags=(WornTag(7, "TAG-0007", STOLEN_AT_US - 90_000 * MINUTE_US, None),),
        run=RunFacts(31, 4711, STOLEN_AT_US + 90 * MINUTE_US, "settled", 1, "0.1.0", MatchingSettings(), 1, 0, 312, 4),
        finding=Finding(
            verdict=MatchVerdict.PRESENT,
            reasons=("6 positions count, the most of them 23 m from the stated place",),
            positions=POSITIONS,
            gaps=(StatedGap(STOLEN_AT_US + 4 * MINUTE_US, STOLEN_AT_US + 29 * MINUTE_US, "no_fix", 0.1),),
            nearest_m=19.2,
            nearest_us=STOLEN_AT_US + 3 * MINUTE_US,
            position_count=21,
            covered_from_us=searched.from_us - MINUTE_US,
            covered_to_us=searched.to_us + MINUTE_US,
        ),
        rejected=(
            RejectedFix(
                "TAG-0007",
                STOLEN_AT_US + 5 * MINUTE_US,
                STOLEN_AT_US + 6 * MINUTE_US,
                "gps",
                ("implied_speed",),
                LAT + 0.0001,
                LON,
                None,
                11.1,
            ),
            RejectedFix(
                "TAG-0007",
                STOLEN_AT_US + 6 * MINUTE_US,
                STOLEN_AT_US + 7 * MINUTE_US,
                "lbs",
                ("cell_tower",),
                None,
                None,
                None,
                None,
            ),
        ),
        events=(
            DeviceFact("TAG-0007", STOLEN_AT_US + 4 * MINUTE_US, STOLEN_AT_US + 4 * MINUTE_US, "battery_low", 18.0),
        ),
        originals=tuple(original(one) for one in POSITIONS),
        review=Review("sgt.brown", STOLEN_AT_US + 1000 * MINUTE_US, "confirmed", "agrees with the CCTV"),
        chance=("It is unlikely (10-15 %, PHIA) that this wearer would be here at this time by routine.",),
    )
    return replace(made, **changes)  # type: ignore[arg-type]
