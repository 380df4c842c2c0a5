"""`cordon retention`."""

import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from cli.owner import DEMO_DATABASE, command_identity, postgres_folder
from cli.tables import print_table
from ingest.matching.folder import FOLDER_OF
from ingest.retention import Run
from model.retention import Kind, RetentionRules, default_document, parse_rules
from ops.errors import InputError
from ops.settings import Settings, load_settings
from store.database import connect
from store.embedded import running_url

DAY_S = 86_400
retention = typer.Typer(
    help="How long data are kept, and letting go of what is older: see the section on retention.", no_args_is_help=True
)


def register(application: typer.Typer) -> None:
    application.add_typer(retention, name="retention")


@retention.command("show")
def show() -> None:
    """Print the rules that hold: how long each kind of data is kept.

    Example: cordon retention show > mine.toml
    """
    print(_document(load_settings()), end="")


@retention.command("run")
def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go; nothing is changed.")] = False,
) -> None:
    """Let go of what the rules no longer keep: by its age, and by the end of people's orders. Legal holds go before.

    Run it daily. One that was broken off is finished by the next one.

    Example: cordon retention run --dry-run
    """
    settings = load_settings()
    rules = _rules(settings)
    with closing(connect(keeper_url(settings), "cordon-retention")) as connection:
        work = Run(connection, rules, command_identity("retention"))
        counts = work.dry() if dry_run else work.delete()
        unended = work.unended()
    files = _old_files(settings, rules)
    if not dry_run:
        for file in files:
            file.unlink(missing_ok=True)
    counts[Kind.CRIME_FILES, "files"] += len(files)
    rows = [(kind.value, table, str(count)) for (kind, table), count in sorted(counts.items()) if count]
    if rows:
        print_table(("KIND", "WHERE", "WOULD GO" if dry_run else "GONE"), rows)
    else:
        print("nothing is due")
    if unended:
        print(f"{unended} people wear no tag any more and nobody has ended them: until then nothing of them goes by it")


def keeper_url(settings: Settings) -> str:
    """The keeper's URL of the settings; where none is set, that of a running `cordon demo` on the data folder."""
    if settings.database_keeper_url.get_secret_value():
        return settings.database_keeper_url.get_secret_value()
    demo_url = running_url(postgres_folder(settings), DEMO_DATABASE, "cordon_keeper")
    return demo_url or settings.require_database_url("keeper")


def _document(settings: Settings) -> str:
    if not settings.retention_rules_file:
        return default_document()
    try:
        return Path(settings.retention_rules_file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"CORDON_RETENTION_RULES_FILE cannot be read: {error}") from None


def _rules(settings: Settings) -> RetentionRules:
    try:
        return parse_rules(_document(settings))
    except ValueError as error:
        where = settings.retention_rules_file or "the program's own rules"
        raise InputError(f"CORDON_RETENTION_RULES_FILE ({where}): {error}") from None


def _old_files(settings: Settings, rules: RetentionRules) -> list[Path]:
    """Police files of the watched folder that were dealt with long ago, and what was written of their errors."""
    days = rules[Kind.CRIME_FILES].age_days
    if not settings.crime_folder or days is None:
        return []
    oldest_s = time.time() - days * DAY_S
    folders = [Path(settings.crime_folder) / name for name in sorted(FOLDER_OF.values())]
    files = [file for folder in folders if folder.is_dir() for file in sorted(folder.iterdir())]
    return [file for file in files if file.is_file() and not file.is_symlink() and file.stat().st_mtime < oldest_s]
