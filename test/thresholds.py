#!/usr/bin/env python3
"""thresholds.py ISTHMUS DIR: each threshold of `isthmus events`, at two values, on data simulated in DIR.

A row of the table is an option, the data, a lenient and a strict value, the kind of event looked at ("" is all), and what
the man page lets one expect of the strict value beside the lenient one:

- fewer     nothing is told that the lenient one does not tell (by kind, scope, who and first_seen), and less of it;
- confirmed the same is told, none of it confirmed earlier and some later;
- end       the same is told, none of it over earlier and some later;
- split     the same is told, in more episodes.

The options come from --help: a threshold with no row fails, as does a row of no threshold, one the man page does not name, or
one whose default, given, changes the answer.
"""
import collections
import json
import os
import re
import subprocess
import sys

TABLE = [  # option, data, lenient, strict, kind, what differs
    ("warm-up", "kp-updates", "1h", "3h", "outage", "fewer"),
    ("vantage-min", "102", "3", "8", "upstream-new", "fewer"),
    ("lost-after", "kp", "30m", "3h", "upstream-lost", "fewer"),
    ("share-min", "kp", "0.10", "0.3", "primary-changed", "fewer"),
    ("primary-after", "kp", "30m", "2h", "primary-changed", "fewer"),
    ("shift-min", "105", "0.10", "0.3", "share-shift", "fewer"),
    ("down-below", "kp", "0.2", "0.05", "outage", "confirmed"),
    ("down-after", "kp", "60s", "10m", "outage", "fewer"),
    ("up-from", "kp", "0.5", "0.95", "outage", "end"),
    ("up-after", "kp", "60s", "20m", "outage", "fewer"),
    ("down-vantage-min", "105", "2", "8", "origin-new", "confirmed"),
    ("instability-changes", "kp", "3", "5", "instability", "confirmed"),
    ("instability-window", "kp", "1h", "10m", "instability", "fewer"),
    ("episode-gap", "kp", "24h", "1m", "", "split"),
]
DATA = sys.argv[2]
EXE = sys.argv[1]
answers = {}
failures = []


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout


def options_of(verb):
    """Name, kind of value and words of each option."""
    return re.findall(r"^ +(?:-\w, )? *--([\w-]+) ([A-Z]+) +(.*)$", run(EXE, verb, "--help"), re.M)


def events(data, *options):
    if (data, options) not in answers:
        folder = f"{DATA}/{data}"
        facts = [a for name in ("registry.txt", "as-names.txt", "as-rel.txt") for a in ("--registry", f"{folder}/{name}")]
        answers[data, options] = run(EXE, "events", "-o", "json", "--severity", "info", *facts, "--territories",
                                     f"{folder}/territories.ini", *options, *(["KP"] if data.startswith("kp") else []), folder)
    return answers[data, options]


def told(data, kind, *options):
    """By kind, scope, who, first_seen and turn among such."""
    by, turn = {}, collections.Counter()
    for e in map(json.loads, events(data, *options).splitlines()):
        key = tuple(e.get(k) for k in ("kind", "scope", "territory", "asn", "upstream", "first_seen"))
        turn[key] += 1
        if kind in ("", e["kind"]):
            by[*key, turn[key]] = e
    return by


def later(what, lenient, strict):
    pairs = [(lenient[k].get(what, "9"), strict[k].get(what, "9")) for k in lenient]  # "9": not over
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def differs(what, lenient, strict):
    if what == "fewer":
        return strict.keys() < lenient.keys()
    if strict.keys() != lenient.keys():
        return False
    if what == "split":
        return len({e["episode"] for e in strict.values()}) > len({e["episode"] for e in lenient.values()})
    return later(what, lenient, strict)


def main():
    shared = {name for name, _, _ in options_of("fetch")}
    thresholds = {name: words for name, value, words in options_of("events")
                  if value in ("SPAN", "PART", "N") and name not in shared}
    with open(os.path.dirname(__file__) + "/../man/isthmus-events.1.scd") as f:
        page = f.read()
    defaults = {}
    for name, words in thresholds.items():
        if not any(row[0] == name for row in TABLE):
            failures.append(f"--{name} has no row here")
        if f"*--{name}*" not in page:
            failures.append(f"--{name} is not in its man page")
        defaults[name] = re.search(r"\(([\w.]+)[^()]*\)$", words).group(1)
    given = [a for name, value in defaults.items() for a in ("--" + name, value)]
    for data in sorted({row[1] for row in TABLE}):
        if events(data) != events(data, *given):
            failures.append(f"{data}: the defaults of --help, given, change the answer")
    for name, data, lenient, strict, kind, what in TABLE:
        if name not in thresholds:
            failures.append(f"--{name} is no threshold of events")
            continue
        a, b = (told(data, kind, *(() if v == defaults[name] else ("--" + name, v))) for v in (lenient, strict))
        if not differs(what, a, b):
            failures.append(f"--{name} {strict} beside {lenient} on {data}: not \"{what}\" ({len(b)} beside {len(a)} {kind})")
    for line in failures:
        print(line)
    print(f"{len(thresholds)} thresholds, {len(TABLE)} pairs of values, {len(failures)} failures")
    sys.exit(bool(failures))


main()
