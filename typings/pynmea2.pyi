import datetime as dt

class ParseError(ValueError): ...

class NMEASentence:
    data: list[str]
    sentence_type: str
    # of RMC
    status: str
    datestamp: dt.date
    timestamp: dt.time
    latitude: float
    longitude: float
    spd_over_grnd: float | None
    true_course: float | None
    # of GGA
    horizontal_dil: str
    num_sats: str

def parse(line: str, check: bool = ...) -> NMEASentence: ...
