"""The parts of the documents that repeat what the code says. `make docs` writes them, and a test compares them.

A part stands between `<!-- generated: NAME -->` and `<!-- end -->`.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_args

import typer
from prometheus_client.metrics import MetricWrapperBase
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from access.roles import POLICY, Permission, Role
from api.app import OPEN_PATHS, create_app
from api.documentation import PERMISSION_KEY
from api.services import open_services
from cli.main import COMMANDS, build_application
from crimes.files.crime_types import CRIME_TYPES, MINISTRY_TYPES
from crimes.files.forces import FORCES
from geofence.policy_documents import LIMITS
from geofence.presence import TRANSITIONS, Event
from model.enums import VisitState
from model.policies import PRESETS
from ops import metrics
from ops.setting_sources import FILE_ENDING, is_secret, variable_of, variables_of
from ops.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PART = re.compile(r"(<!-- generated: (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
BOUNDS = {"ge": "from {}", "gt": "above {}", "le": "to {}", "lt": "below {}"}


def documents() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def with_parts(text: str) -> str:
    """The document as it must be."""
    return PART.sub(lambda found: found[1] + PARTS[found["name"]]() + found[3], text)


def setting_names() -> list[str]:
    return variables_of(Settings.model_fields)


def settings_table() -> str:
    rows = []
    for name, field in Settings.model_fields.items():
        variable = variable_of(name)
        rows.append((f"`{variable}`", _default(field), _meaning(field)))
        if is_secret(field):
            rows.append((f"`{variable}{FILE_ENDING}`", "not set", "file that holds it instead"))
    return _table(("setting", "default", "meaning"), rows)


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    shown = value.get_secret_value() if isinstance(value, SecretStr) else f"{value:g}" if _is_whole(value) else value
    return f"`{shown}`" if str(shown) else "not set"


def _is_whole(value: object) -> bool:
    return isinstance(value, float) and value.is_integer()


def _meaning(field: FieldInfo) -> str:
    choices = [f"`{choice}`" for choice in get_args(field.annotation) if isinstance(choice, str)]
    bounds = [
        words.format(f"{getattr(rule, bound):g}" if getattr(rule, bound) < 1_000_000 else str(getattr(rule, bound)))
        for rule in field.metadata
        for bound, words in BOUNDS.items()
        if hasattr(rule, bound)
    ]
    limits = " or ".join(choices) if choices else " ".join(bounds)
    return f"{field.description} ({limits})" if limits else str(field.description)


def all_metrics() -> list[MetricWrapperBase]:
    return [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]


def metric_name(metric: MetricWrapperBase) -> str:
    """As Prometheus shows it; a histogram's samples add _bucket, _sum and _count."""
    return f"{metric._name}{'_total' if metric._type == 'counter' else ''}"


def metrics_table() -> str:
    rows = [
        (
            f"`{metric_name(metric)}`",
            str(metric._type),
            ", ".join(f"`{label}`" for label in metric._labelnames),
            metric._documentation,
        )
        for metric in all_metrics()
    ]
    return _table(("metric", "kind", "labels", "meaning"), rows)


def commands() -> Iterator[tuple[str, str]]:
    """Every command in words, and the first paragraph of its help."""
    yield from _walk("cordon", typer.main.get_command(build_application(COMMANDS.values())))


def _walk(words: str, command: Any) -> Iterator[tuple[str, str]]:
    found: dict[str, Any] | None = getattr(command, "commands", None)
    if found is None:
        first = (command.help or "").strip().split("\n\n", maxsplit=1)[0]
        yield words, " ".join(first.split())
        return
    for name, inner in found.items():
        yield from _walk(f"{words} {name}", inner)


def commands_table() -> str:
    return _table(("command", "what it does"), [(f"`{words}`", does) for words, does in commands()])


@cache
def openapi() -> dict[str, Any]:
    """Of an application that serves nobody: nothing connects before it is asked."""
    settings = Settings(database_api_url=SecretStr("postgresql://nobody@localhost/none"))
    document: dict[str, Any] = create_app(settings, open_services(settings)).openapi()
    return document


def routes() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and what the OpenAPI document says of it."""
    for path, methods in openapi()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def routes_table() -> str:
    rows = [
        (
            f"`{method} {path}`",
            "none needed" if path in OPEN_PATHS else f"`{operation.get(PERMISSION_KEY, 'a source key')}`",
            " ".join(operation.get("description", operation["summary"]).split("\n\n", maxsplit=1)[0].split()),
        )
        for method, path, operation in routes()
    ]
    return _table(("route", "permission", "what it answers"), rows)


def policy_table() -> str:
    rows = [
        (f"`{role}`", ", ".join(f"`{permission}`" for permission in Permission if permission in POLICY[role]))
        for role in Role
    ]
    return _table(("role", "permissions"), rows)


def policies_table() -> str:
    """Every value of a policy, with its meaning as the model's own comments give it."""
    source = (ROOT / "model/policies.py").read_text(encoding="utf-8")
    meanings = dict(re.findall(r"^    (\w+): \w+  # (.+)$", source, re.MULTILINE))
    rows = [
        (
            f"`{name}`",
            meanings[name],
            f"{least:g} to {most:g}",
            *(f"{getattr(policy, name):g}" for policy in PRESETS.values()),
        )
        for name, (least, most) in LIMITS.items()
    ]
    return _table(("value", "meaning", "may be", *(f"`{preset}`" for preset in PRESETS)), rows)


def transitions_table() -> str:
    """A row a state, a column an event: what follows."""
    states = dict.fromkeys(before for before, _ in TRANSITIONS)
    rows = [(_state(state), *(_state(TRANSITIONS[state, event]) for event in Event)) for state in states]
    return _table(("before", *(event.value for event in Event)), rows)


def _state(state: VisitState | None) -> str:
    return "clear" if state is None else state.value


def crime_types_table() -> str:
    rows = [(f"`{code}`", name, _whose(code in MINISTRY_TYPES)) for code, name in CRIME_TYPES.items()]
    return _table(("code", "crime", "whose"), rows)


def forces_table() -> str:
    rows = [(f"`{one.identifier}`", one.name, f"`{one.code}`", _whose(one.in_scheme)) for one in FORCES]
    return _table(("police_force", "force", "code", "whose"), rows)


def _whose(of_the_ministry: bool) -> str:
    return "the ministry's" if of_the_ministry else "ours"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


PARTS: dict[str, Callable[[], str]] = {
    "settings": settings_table,
    "metrics": metrics_table,
    "commands": commands_table,
    "routes": routes_table,
    "policy": policy_table,
    "policies": policies_table,
    "transitions": transitions_table,
    "crime_types": crime_types_table,
    "police_forces": forces_table,
}


def main() -> None:
    for path in documents():
        text = path.read_text(encoding="utf-8")
        if with_parts(text) != text:
            path.write_text(with_parts(text), encoding="utf-8")
            sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
