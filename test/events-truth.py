#!/usr/bin/env python3
"""Compares `isthmus events -o json` with the truth.json of a simulated folder.

usage: events-truth.py ISTHMUS DIR...   (prints a line a folder, each miss and each false event; exit 1 where any)
       events-truth.py --score [--least P] ISTHMUS DIR...   (prints precision and recall over all folders, and by kind;
                                                            exit 1 where one of the two is below P)

Told is everything, health and severity info too. An event of the truth is found where one that is told, and that no other
has taken, has the same kind and scope, the same territory, upstream and AS, the same prefixes, and the same seconds in
first_seen and end (or no end). What else is told did not happen. There is no other tolerance. What truth.json means:

- first_seen is the earliest update of the step at any peer (where a share moves: of a route that goes over), `settled` the
  update that fulfils the condition (design 6). A vantage point can see no more than that: the cause lies in the scenario's
  "causes" and is not compared.
- end is the first_seen of what ends it; of an outage the moment its visibility is enough again, of a share-shift the last
  move before an hour without, of an incident the last route's end at those who vote.
- Seconds, for the archives of some collectors have no finer ones; fractions are not compared.
- The field of a truth that names none is not compared: an incident (a new origin, a leak) has no territory of its own, and
  truth's asn of an outage or primary-changed says what the told event has in its sentence.
- A step is told once. Who originates another's prefix is a new origin and no upstream; while a prefix is hijacked or leaked,
  its single carriers' coming and going is the incident's; a share that moves within five minutes of another event of its
  territory is that event's. src/sim/incident.c and shift.c leave these out, by these words.
- A silent collector is told of with its name in the sentence."""
import collections
import json
import os
import subprocess
import sys


def tell(isthmus, folder, who):
    command = [isthmus, "events", "-o", "json", "--severity", "info", "--family", "all"]
    for name in ("registry.txt", "as-names.txt", "as-rel.txt", *(["roas.csv"] if os.path.exists(f"{folder}/roas.csv") else [])):
        command += ["--registry", f"{folder}/{name}"]
    command += ["--territories", f"{folder}/territories.ini", *who, folder]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode:
        sys.exit(f"{' '.join(command)}: exit {run.returncode}\n{run.stderr}")
    return [json.loads(line) for line in run.stdout.splitlines()]


def second(e, key):
    return e[key][:19] if key in e else None


def names(told, true):
    """Whom it is about."""
    keys = {"origin-new": ["asn"], "subprefix-new": ["asn"], "route-leak": ["asn"], "peer-reset": ["asn"],
            "rpki-invalid": ["territory", "asn"]}
    for key in keys.get(true["kind"], ["territory", "upstream"]):
        if told.get(key) != true.get(key):
            return False
    if true["kind"] == "route-leak" and told.get("upstream") != true.get("by"):
        return False
    return true["kind"] != "collector-gap" or true["collector"] in told["why"].split()


def agrees(told, true):
    return (told["kind"] == true["kind"] and told["scope"] == true["scope"] and names(told, true) and
            all(second(told, key) == second(true, key) for key in ("first_seen", "end")) and
            sorted(told.get("prefixes", [])) == sorted(true.get("prefixes", [])))


def compare(isthmus, folder):
    with open(f"{folder}/truth.json") as f:
        truth = json.load(f)
    told = tell(isthmus, folder, [t["id"] for t in truth["territories"]])
    found, missed = [], []
    for true in truth["events"]:
        hit = next((e for e in told if agrees(e, true)), None)
        if hit:
            told.remove(hit)
        (found if hit else missed).append(true)
    return found, missed, told


def line(e):
    return json.dumps({k: e[k] for k in (
        "kind", "scope", "territory", "asn", "upstream", "first_seen", "end", "severity", "why") if k in e} | {
            "prefixes": e.get("prefixes", [])[:4], "n": len(e.get("prefixes", []))})


def ratio(n, of):
    return n / of if of else 1.0


def main():
    args = sys.argv[1:]
    score = args[:1] == ["--score"]
    args = args[score:]
    least = 0.0
    if args[:1] == ["--least"]:
        least = float(args[1])
        args = args[2:]
    if len(args) < 2:
        sys.exit(__doc__)
    totals = collections.Counter()
    for folder in args[1:]:
        found, missed, false = compare(args[0], folder)
        for name, events in (("found", found), ("missed", missed), ("false", false)):
            totals[name] += len(events)
            for e in events:
                totals[name, e["kind"]] += 1
        if score and not missed and not false:
            continue
        print(f"{folder}: {len(found)} found, {len(missed)} missed, {len(false)} told that did not happen")
        for e in missed:
            print("  missed", line(e))
        for e in false:
            print("  false ", line(e))
    found, missed, false = totals["found"], totals["missed"], totals["false"]
    if not score:
        sys.exit(1 if missed or false else 0)
    for kind in sorted({k[1] for k in totals if isinstance(k, tuple)}):
        print(f"{kind:16} {totals['found', kind]:5} found {totals['missed', kind]:4} missed {totals['false', kind]:4} false")
    precision, recall = ratio(found, found + false), ratio(found, found + missed)
    print(f"precision {precision:.4f}, recall {recall:.4f} ({found} found, {missed} missed, {false} false)")
    sys.exit(1 if min(precision, recall) < least else 0)


main()
