"""Says what was measured, and which targets hold.

    table.py RESULTS [--check]

A line of RESULTS: case, program, seconds, seconds of the user, seconds of the system, peak memory in KiB. The
case `hash` is `openssl` reading what a program has downloaded in the case `unlimited`.
"""

import sys
from collections import defaultdict
from statistics import median

CASES = {
    "unlimited": "one file, an unlimited line",
    "line": "one file, 28 MiB/s a connection, 250 ms to the first byte",
    "small": "small files, 50 ms to each answer",
    "redirected": "small files behind a redirect each, 50 ms to each answer",
}
PEAK = 64.0


class Runs:
    """What one program took in one case, run by run."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.cpu: list[float] = []
        self.megabytes: list[float] = []

    def add(self, seconds: float, user: float, system: float, kibibytes: float) -> None:
        self.seconds.append(seconds)
        self.cpu.append(user + system)
        self.megabytes.append(kibibytes * 1.024 / 1000)


def read(path: str) -> dict[str, dict[str, Runs]]:
    results: dict[str, dict[str, Runs]] = defaultdict(lambda: defaultdict(Runs))
    with open(path) as lines:
        for line in lines:
            case, program, *numbers = line.split()
            results[case][program].add(*map(float, numbers))
    return results


def spread(seconds: list[float]) -> str:
    return f"{median(seconds):.2f} s ({min(seconds):.2f}–{max(seconds):.2f})"


def verified(results: dict, program: str) -> list[float]:
    """The seconds of the download, with those of `openssl` reading it where the program does not verify."""
    seconds = results["unlimited"][program].seconds
    if program not in results["hash"]:
        return seconds
    return [sum(pair) for pair in zip(seconds, results["hash"][program].seconds, strict=True)]


def quotient(programs: dict[str, Runs], over: str, under: str) -> float:
    return median(programs[over].seconds) / median(programs[under].seconds)


def show(results: dict) -> None:
    for case, title in CASES.items():
        print(f"\n{title}")
        print(f"  {'':9}  {'download':22}  {'verified' if case == 'unlimited' else '':22}  {'CPU':>7}  peak")
        for program, runs in results[case].items():
            whole = spread(verified(results, program)) if case == "unlimited" else ""
            print(
                f"  {program:9}  {spread(runs.seconds):22}  {whole:22}  {median(runs.cpu):5.2f} s"
                f"  {max(runs.megabytes):.1f} MB"
            )
        if case == "unlimited":
            hashes = [seconds for runs in results["hash"].values() for seconds in runs.seconds]
            print(f"  {'openssl':9}  {'':22}  {spread(hashes):22}  the hash alone, nobody is faster")


def targets(results: dict) -> list[tuple[str, float, str, float]]:
    """What is compared, what it is, and what it is to be."""
    unlimited, line, small, redirected = (results[case] for case in CASES)
    ours = median(unlimited["stackctl"].seconds)
    whole = {program: median(verified(results, program)) for program in unlimited if program != "stackctl"}
    best = min(whole, key=whole.__getitem__)
    cpu = median(unlimited["curl"].cpu) + median(results["hash"]["curl"].cpu)
    aria2c = min(("aria2c", "aria2c-8"), key=lambda program: median(line[program].seconds))
    rows = [
        (f"unlimited: time / verified {best}, the best", ours / whole[best], "<=", 0.45),
        ("unlimited: time / hf, which does not verify", quotient(unlimited, "stackctl", "hf"), "<", 1),
        ("unlimited: CPU / curl and openssl", median(unlimited["stackctl"].cpu) / cpu, "<=", 1.1),
        ("line: speed / curl", quotient(line, "curl", "stackctl"), ">=", 7.5),
        (f"line: speed / {aria2c}, the better", quotient(line, aria2c, "stackctl"), ">=", 1),
        ("small files: time / hf", quotient(small, "stackctl", "hf"), "<=", 0.5),
        ("small files, redirected: time / hf", quotient(redirected, "stackctl", "hf"), "<=", 0.5),
    ]
    return rows + [
        (f"{case}: peak in MB", max(results[case]["stackctl"].megabytes), "<=", PEAK) for case in CASES
    ]


def holds(value: float, relation: str, target: float) -> bool:
    return {"<=": value <= target, "<": value < target, ">=": value >= target}[relation]


def main() -> None:
    results = read(sys.argv[1])
    show(results)
    print(f"\n{'stackctl':46} {'measured':>9}  {'target':8}")
    failed = False
    for name, value, relation, target in targets(results):
        kept = holds(value, relation, target)
        failed |= not kept
        print(f"{name:46} {value:9.3f}  {relation:2} {target:<5g}  {'holds' if kept else 'MISSED'}")
    if failed and "--check" in sys.argv:
        sys.exit(1)


main()
