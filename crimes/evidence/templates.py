"""The files of a report that a service may edit: its layout, and the text of its statement."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

REPORT = "report.typ"
STATEMENT = "statement.txt"
DEFAULT_FOLDER = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Templates:
    report: str
    statement: str

    def hashes(self) -> dict[str, str]:
        """SHA-256 of each, by its file's name: a manifest says which ones a bundle was made with."""
        texts = ((REPORT, self.report), (STATEMENT, self.statement))
        return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts}


def load_templates(folder: Path | None = None) -> Templates:
    """Those of ``folder``, and the default for a file that is not there. Raises ValueError on one that is no text."""
    return Templates(_read(folder, REPORT), _read(folder, STATEMENT))


def _read(folder: Path | None, name: str) -> str:
    if folder is not None and not folder.is_dir():
        raise ValueError(f"the folder of evidence templates {folder} is not there: make it, or leave the setting out")
    own = folder / name if folder is not None else None
    path = own if own is not None and own.is_file() else DEFAULT_FOLDER / name
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"the evidence template {path} is not UTF-8: save it as such") from None
