#!/usr/bin/env python3
"""Compares `isthmus events -o json` with the truth.json of a simulated folder.

usage: events-truth.py ISTHMUS DIR...   (prints a line a folder, each miss and each false event; exit 1 where any)
       events-truth.py --score ISTHMUS DIR...   (prints precision and recall over all folders, exit 0)

An event is found where kind, territory (if the truth has one), upstream or AS, and at least half of the prefixes agree, and
the time equals, to the second, that of the cause or of the first update that shows it. What the truth lists beside another
event of the same moment and place (a share-shift by an upstream-new; a carrier's prefixes that move in a leak) is found if
told, and no miss if not: the same episode is told once. What is not told by default (severity info) is no false event. Health is told apart and compared by kind and time."""
import json
import subprocess
import sys
from datetime import datetime, timezone

WITHIN = 1.0


def when(s):
    s = s.rstrip("Z")
    base, _, fraction = s.partition(".")
    t = datetime.strptime(base, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc).timestamp()
    return t + (float("0." + fraction) if fraction else 0)


def tell(isthmus, folder, who):
    command = [isthmus, "events", "-o", "json", "--severity", "info", "--family", "all"]
    for name in ("registry.txt", "as-names.txt", "as-rel.txt"):
        command += ["--registry", f"{folder}/{name}"]
    command += ["--territories", f"{folder}/territories.ini", *who, folder]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode:
        sys.exit(f"{' '.join(command)}: exit {run.returncode}\n{run.stderr}")
    return [json.loads(line) for line in run.stdout.splitlines()]


def marks_of(true, truth):
    """The times, whole seconds, at which the event can be seen to begin: its cause, its first word, and the steps of the
    territory's series from the one to the other (an upstream-lost has the last path's end as its truth, and is told with the
    first path lost)."""
    named = [when(true[k]) for k in ("cause", "first_seen", "settled") if k in true]
    marks = {int(t) for t in named}
    for territory in truth["territories"]:
        if territory["id"] == true.get("territory") and "cause" in true:
            marks |= {int(t) for t in map(when, (s["at"] for s in territory["series"])) if named[0] <= t <= max(named)}
    return marks


def same_time(told, true):
    t = when(told["first_seen"])
    if true["kind"] == "instability":  # which of the first changes an upstream event tells is a matter of words
        return when(true["first_seen"]) - WITHIN < t < when(true["end"])
    return int(t) in true["marks"]


def ends_as(told, true):
    """A share that goes back is the end of the shift told before, not another one."""
    return (told["kind"] == true["kind"] == "share-shift" and "end" in told and told.get("upstream") == true["upstream"] and
            told.get("territory") == true["territory"] and
            when(true["first_seen"]) - WITHIN <= when(told["end"]) <= when(true.get("settled", true["first_seen"])) + WITHIN)


def agrees(told, true):
    if ends_as(told, true):
        return True
    if told["kind"] != true["kind"] or not same_time(told, true):
        return False
    if told["scope"] == "health":
        return true["kind"] == "collector-gap" or told.get("asn") == true.get("asn")
    for key in ("territory", "upstream"):
        if key in true and key in told and told.get(key) != true[key]:
            return False
    if true["kind"] in ("origin-new", "subprefix-new", "route-leak") and told.get("asn") != true.get("asn"):
        return False
    a, b = set(told.get("prefixes", [])), set(true.get("prefixes", []))
    return not b or true["kind"] == "instability" or len(a & b) * 2 >= len(b)


def beside(true, others):
    """Another event of the same moment says it already."""
    if true.get("same_origin"):
        return True
    for other in others:
        if other is true or other["kind"] in ("share-shift",) or other["scope"] == "health":
            continue
        near = when(true["first_seen"]) - 300 <= when(other["first_seen"]) <= when(
            true.get("settled", true["first_seen"])) + 300 or (
            "cause" in other and other.get("cause") == true.get("cause"))
        if not near:
            continue
        if true["kind"] == "share-shift" and other.get("territory") in (None, true.get("territory")):
            return True
        if true["kind"].startswith("upstream-") and true["scope"] == "prefix" and other["kind"] in (
                "route-leak", "origin-new", "subprefix-new"):
            return True
    return False


def compare(isthmus, folder):
    with open(f"{folder}/truth.json") as f:
        truth = json.load(f)
    for true in truth["events"]:
        true["marks"] = marks_of(true, truth)
    told = tell(isthmus, folder, [t["id"] for t in truth["territories"]])
    found, used = 0, set()
    misses = []
    for true in truth["events"]:
        hits = [i for i, e in enumerate(told) if agrees(e, true)]
        used.update(hits)
        if hits:
            found += true["scope"] != "health"
        elif true["scope"] != "health" and not beside(true, truth["events"]):
            misses.append(true)
    false = [e for i, e in enumerate(told) if i not in used and e["scope"] != "health" and e["severity"] != "info"]
    return found, misses, false


def line(e):
    return json.dumps({k: e[k] for k in (
        "kind", "scope", "territory", "asn", "upstream", "cause", "first_seen", "end", "severity", "why") if k in e} | {
            "prefixes": e.get("prefixes", [])[:4]})


def main():
    args = sys.argv[1:]
    score = args[:1] == ["--score"]
    args = args[score:]
    if len(args) < 2:
        sys.exit(__doc__)
    totals = [0, 0, 0]
    for folder in args[1:]:
        found, misses, false = compare(args[0], folder)
        totals = [totals[0] + found, totals[1] + len(misses), totals[2] + len(false)]
        if score and not misses and not false:
            continue
        print(f"{folder}: {found} found, {len(misses)} missed, {len(false)} told that did not happen")
        for e in misses:
            print("  missed", line(e))
        for e in false:
            print("  false ", line(e))
    found, missed, false = totals
    if score:
        print(f"precision {found / max(1, found + false):.4f}, recall {found / max(1, found + missed):.4f}"
              f" ({found} found, {missed} missed, {false} false)")
        return
    sys.exit(1 if missed or false else 0)


main()
