"""The kinds of crime that a police file can report, by their codes."""

from types import MappingProxyType

from crimes.files.row_errors import Fault

MINISTRY_TYPES = MappingProxyType(
    {
        "RB": "Robbery",
        "BIAD": "Burglary in a dwelling",
        "AB": "Aggravated burglary",
        "BOTD": "Burglary in a building other than a dwelling",
        "TOMV": "Theft of a motor vehicle",
        "TFP": "Theft from the person",
        "TFMV": "Theft from a motor vehicle",
    }
)
"""Those of the Ministry of Justice's crime matching service."""

KNIFE_TYPES = MappingProxyType(
    {
        "KHOM": "Homicide with a knife or sharp instrument",
        "KATM": "Attempted murder with a knife or sharp instrument",
        "KTTK": "Threats to kill with a knife or sharp instrument",
        "KASI": "Assault with injury, or with intent to do serious harm, with a knife or sharp instrument",
        "KROB": "Robbery with a knife or sharp instrument",
        "KSEX": "Rape or sexual assault with a knife or sharp instrument",
        "KTHR": "Threatening with an article with a blade or point",
        "KPOS": "Possession of an article with a blade or point",
    }
)
"""Ours: the offences that police count as knife-enabled, and the two of threatening with a blade and having one."""

CRIME_TYPES = MappingProxyType({**MINISTRY_TYPES, **KNIFE_TYPES})


def crime_type_of(text: str) -> str | Fault:
    """The code, whatever case it is written in."""
    code = text.upper()
    if code in CRIME_TYPES:
        return code
    problem = "this is no crime type that we know" if text else "the crime type is missing"
    return Fault(problem, f"give one of {', '.join(CRIME_TYPES)}")
