"""`make bench`: measure the named workloads, print them as a table and write bench/results.json."""

import json
import os
import platform
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from bench import casework, check, decode, end_to_end, matching, write
from bench.result import Result

WORKLOADS: dict[str, Callable[[], Iterable[Result]]] = {
    "decode": decode.run,
    "check": check.run,
    "write": write.run,
    "matching": matching.run,
    "casework": casework.run,
    "end_to_end": end_to_end.run,
}
FEW = 100  # a smaller figure is told with its hundredths
RESULTS = Path(__file__).parent / "results.json"


def machine() -> str:
    """What these figures were measured on."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory_gib:.0f} GiB, {platform.machine()}, {platform.system()},"
        f" Python {platform.python_version()}"
    )


def line(result: Result) -> str:
    digits = 0 if result.value >= FEW else 2
    least, greatest = result.spread
    figures = f"{result.value:>12,.{digits}f}  {least:>10,.{digits}f} - {greatest:<10,.{digits}f} {result.unit:<8}"
    if result.peer is None or result.peer_value is None:
        return f"{result.name:<60}{figures}"
    ratio = result.value / result.peer_value
    return f"{result.name:<60}{figures}  {ratio:.1f} times {result.peer} ({result.peer_value:,.0f})"


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in WORKLOADS]
    if unknown:
        sys.exit(f"no such workload: {unknown}; there are {sorted(WORKLOADS)}")
    print(machine())
    print(f"{'workload':<60}{'median':>12}  {'least':>10} - {'greatest':<10}")
    results: list[Result] = []
    for name in names or WORKLOADS:
        for result in WORKLOADS[name]():
            print(line(result), flush=True)
            results.append(result)
    if not names:
        document = {"machine": machine(), "results": [asdict(result) for result in results]}
        RESULTS.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        print(f"written to {RESULTS.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
