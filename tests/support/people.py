"""People who may be tagged, for tests of commands and routes."""

from typing import Any

ELIGIBLE: dict[str, Any] = {
    "for_day": "2026-03-02",
    "screening_note": "Two offences with a knife within a year; a curfew alone did not hold.",
    "prison": "HMP Brixton",
    "borough": "Croydon",
    "answers": {
        "knife_offence": {"answer": "met", "basis": "PNC record"},
        "address_can_charge": {"answer": "met", "basis": "visited on 24 February"},
    },
}
DECIDE = (
    "--note", ELIGIBLE["screening_note"], "--prison", "HMP Brixton", "--borough", "Croydon",
    "--answer", "knife_offence=met:PNC record", "--answer", "address_can_charge=met:visited on 24 February",
)  # fmt: skip
BORN = ("--date-of-birth", "1980-01-01")
