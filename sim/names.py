"""Invented people, streets and identifiers. CRNs begin with X1, which no real one does."""

from numpy.random import Generator

GIVEN_NAMES = (
    "Aaron", "Adaeze", "Alfie", "Amira", "Bilal", "Callum", "Chidi", "Connor", "Darius", "Dwayne", "Eamon", "Ewa",
    "Farid", "Gareth", "Hamza", "Ibrahim", "Jamal", "Jasmine", "Kasia", "Keanu", "Leon", "Liam", "Marek", "Maya",
    "Nathan", "Olu", "Priya", "Rhys", "Samir", "Tariq", "Tyrone", "Wesley",
)  # fmt: skip
FAMILY_NAMES = (
    "Abbotsway", "Adeyemi-Cole", "Ashdown", "Barleyfield", "Brightwell", "Castlemore", "Copperdale", "Dunmere",
    "Eastlake", "Fairbourne", "Greenhollow", "Harrowgate", "Islay", "Kestrelman", "Larkfield", "Merriden", "Netherby",
    "Oakhanger", "Pemberlow", "Quarrington", "Ravensby", "Silverdown", "Thornlea", "Underhill", "Westmarch", "Yarrowby",
)  # fmt: skip
STREETS = (
    "Alder Mews", "Bellfounder Row", "Candlemaker Street", "Dovecote Terrace", "Elderflower Lane", "Foxglove Gardens",
    "Gaslight Walk", "Hopfield Road", "Juniper Place", "Kingfisher Rents", "Lamplighter Court", "Millrace Street",
    "Nightjar Close", "Orchard Rents", "Plumtree Street", "Quillmaker Yard", "Ropewalk Terrace", "Sparrow Hill Road",
)  # fmt: skip
AREAS = {
    "Bermondsey": (-0.0730, 51.4980),
    "Bethnal Green": (-0.0556, 51.5273),
    "Brixton": (-0.1145, 51.4626),
    "Camberwell": (-0.0914, 51.4740),
    "Camden Town": (-0.1426, 51.5392),
    "Clapham": (-0.1380, 51.4622),
    "Clerkenwell": (-0.1047, 51.5237),
    "Dalston": (-0.0754, 51.5460),
    "Hackney": (-0.0553, 51.5450),
    "Holloway": (-0.1160, 51.5560),
    "Islington": (-0.1027, 51.5362),
    "Kennington": (-0.1053, 51.4884),
    "Kentish Town": (-0.1402, 51.5504),
    "Lambeth": (-0.1170, 51.4900),
    "Mile End": (-0.0332, 51.5251),
    "New Cross": (-0.0320, 51.4763),
    "Paddington": (-0.1755, 51.5154),
    "Peckham": (-0.0691, 51.4735),
    "Pimlico": (-0.1340, 51.4893),
    "Shoreditch": (-0.0777, 51.5265),
    "Stepney": (-0.0462, 51.5152),
    "Stockwell": (-0.1229, 51.4722),
    "Vauxhall": (-0.1230, 51.4861),
    "Whitechapel": (-0.0612, 51.5194),
}
"""Longitude and latitude of parts of central and inner London, about which the invented addresses lie."""


def person_name(rng: Generator) -> str:
    return f"{rng.choice(GIVEN_NAMES)} {rng.choice(FAMILY_NAMES)}"


def crn_of(index: int) -> str:
    return f"X{100_001 + index}"


def serial_of(index: int) -> str:
    return f"TAG-{index + 1:04d}"


def address(rng: Generator, area: str) -> str:
    return f"{rng.integers(1, 140)} {rng.choice(STREETS)}, {area}"
