"""The police forces that send crimes: the 43 territorial forces of England and Wales, and British Transport Police."""

from dataclasses import dataclass
from difflib import get_close_matches

from crimes.files.row_errors import Fault


@dataclass(frozen=True, slots=True)
class Force:
    """``identifier`` stands in files and in ``Crime.force``, ``code`` begins the ids of its batches.

    ``in_scheme``: both are those of the Ministry of Justice's crime matching service. Those of the other forces are
    ours, made in the same manner, until the ministry gives them some.
    """

    identifier: str
    name: str
    code: str
    in_scheme: bool


def _table(in_scheme: bool, *rows: tuple[str, str, str]) -> tuple[Force, ...]:
    return tuple(Force(identifier, name, code, in_scheme) for identifier, name, code in rows)


FORCES = (
    *_table(
        True,
        ("AvonSomerset", "Avon and Somerset", "AVS"),
        ("Bedfordshire", "Bedfordshire", "BFD"),
        ("Cheshire", "Cheshire", "CHS"),
        ("CoLP", "City of London", "CoLP"),
        ("Cumbria", "Cumbria", "CMB"),
        ("Derbyshire", "Derbyshire", "DBY"),
        ("Durham", "Durham", "DUR"),
        ("Essex", "Essex", "ESX"),
        ("Gloucestershire", "Gloucestershire", "GLC"),
        ("Gwent", "Gwent", "GWP"),
        ("Hampshire", "Hampshire", "HAM"),
        ("Hertfordshire", "Hertfordshire", "HRT"),
        ("Humberside", "Humberside", "HMB"),
        ("Kent", "Kent", "KNT"),
        ("Metropolitan", "Metropolitan", "MPS"),
        ("NorthWales", "North Wales", "NWL"),
        ("Nottinghamshire", "Nottinghamshire", "NOT"),
        ("Sussex", "Sussex", "SXP"),
        ("WestMidlands", "West Midlands", "WMP"),
    ),
    *_table(
        False,
        ("BritishTransport", "British Transport", "BTP"),
        ("Cambridgeshire", "Cambridgeshire", "CAM"),
        ("Cleveland", "Cleveland", "CLV"),
        ("DevonCornwall", "Devon and Cornwall", "DVC"),
        ("Dorset", "Dorset", "DOR"),
        ("DyfedPowys", "Dyfed-Powys", "DYP"),
        ("GreaterManchester", "Greater Manchester", "GMP"),
        ("Lancashire", "Lancashire", "LAN"),
        ("Leicestershire", "Leicestershire", "LEI"),
        ("Lincolnshire", "Lincolnshire", "LIN"),
        ("Merseyside", "Merseyside", "MER"),
        ("Norfolk", "Norfolk", "NFK"),
        ("NorthYorkshire", "North Yorkshire", "NYP"),
        ("Northamptonshire", "Northamptonshire", "NTH"),
        ("Northumbria", "Northumbria", "NMB"),
        ("SouthWales", "South Wales", "SWP"),
        ("SouthYorkshire", "South Yorkshire", "SYP"),
        ("Staffordshire", "Staffordshire", "STF"),
        ("Suffolk", "Suffolk", "SFK"),
        ("Surrey", "Surrey", "SRY"),
        ("ThamesValley", "Thames Valley", "TVP"),
        ("Warwickshire", "Warwickshire", "WAR"),
        ("WestMercia", "West Mercia", "WMC"),
        ("WestYorkshire", "West Yorkshire", "WYP"),
        ("Wiltshire", "Wiltshire", "WLT"),
    ),
)

BY_NAME = {written.lower(): force for force in FORCES for written in (force.identifier, force.name, force.code)}


def force_of(text: str) -> Force | Fault:
    """The force of an identifier, a name or a code, whatever case it is written in."""
    found = BY_NAME.get(text.lower())
    if found is not None:
        return found
    if not text:
        return Fault("the police force is missing", "give the force's identifier, such as Metropolitan")
    near = get_close_matches(text[:60].lower(), BY_NAME, n=1)
    meant = f"did you mean {BY_NAME[near[0]].identifier}?" if near else "give its identifier, such as Metropolitan"
    return Fault("this is no police force that we know", meant)
