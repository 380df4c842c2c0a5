"""The command `cordon`."""

import io
import sys
from collections.abc import Iterable
from importlib import import_module

import typer

from ops.errors import CordonError

COMMANDS = {
    "demo": "cli.demo",
    "scenario": "cli.scenario",
    "migrate": "cli.database",
    "api": "cli.serve",
    "worker": "cli.worker",
    "watch": "cli.watch",
    "match": "cli.match",
    "duty": "cli.duty",
    "deliver": "cli.deliver",
    "seal": "cli.seal",
    "audit": "cli.audit",
    "webhooks": "cli.webhooks",
    "messages": "cli.messages",
    "people": "cli.people",
    "devices": "cli.devices",
    "bases": "cli.bases",
    "conditions": "cli.conditions",
    "staff": "cli.staff",
    "zones": "cli.zones",
    "wards": "cli.wards",
    "operations": "cli.operations",
    "authorise": "cli.authorise",
    "victims": "cli.victims",
    "alerts": "cli.alerts",
    "rules": "cli.rules",
    "precision": "cli.precision",
    "rota": "cli.rota",
    "cover": "cli.cover",
    "crimes": "cli.crimes",
    "explain": "cli.explain",
    "sources": "cli.sources",
    "token": "cli.tokens",
    "session": "cli.sessions",
    "replay": "cli.replay",
    "evaluate": "cli.evaluate",
    "evaluate-crimes": "cli.evaluate_crimes",
    "dead-letters": "cli.dead_letters",
    "raw": "cli.raw",
    "evidence": "cli.evidence",
    "export": "cli.exports",
    "import": "cli.imports",
    "retention": "cli.retention",
    "holds": "cli.holds",
    "trails": "cli.trails",
    "topics": "cli.topics",
    "offsets": "cli.offsets",
}
"""Each command and the module that registers it; in the order of `cordon --help`."""


def build_application(modules: Iterable[str]) -> typer.Typer:
    """The command line of these modules only: to load all of them takes a second."""
    application = typer.Typer(
        name="cordon",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    application.callback()(_cordon)
    for module in modules:
        import_module(module).register(application)
    return application


def _cordon() -> None:
    """GPS tagging monitoring and exclusion-zone alerting. Begin with `cordon demo`."""


def main() -> None:
    """Run the command; an error raised on purpose is printed as one message and exits 1."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name may have letters that the locale has not
    named = COMMANDS.get(sys.argv[1]) if len(sys.argv) > 1 else None
    application = build_application([named] if named else COMMANDS.values())
    try:
        application()
    except CordonError as error:
        print(f"cordon: {error}", file=sys.stderr)
        sys.exit(1)
