#!/usr/bin/env python3
"""The published verdicts of other detectors' tests, played through MRT into `isthmus events`.

usage: verdicts.py ISTHMUS ../shared/data      (a line a case; exit 1 where one is not reproduced)

Which kind of event a verdict is: of ARTEMIS E|0 (exact prefix, other origin) is origin-new, S|0 subprefix-new, E|1 (exact prefix,
forged first hop) upstream-new of the forger, and no verdict is no event; of BGPAlerter a hijack of the prefix itself is
origin-new, of a more specific subprefix-new; of bgpy an attacker that another AS prefers is origin-new or subprefix-new, seen by just
those ASes that hold its route. What the rules of a configuration say is there in the table before: the prefix, by its origin, through its
neighbour. Their detectors alarm at the first word of one peer; with one peer in the data so does ours.

Does not apply, and is left out by name: S|1 and what has hijack_as -1 (a more specific by the right origin: the holder's own
affair here, whatever neighbour stands before it: no table of allowed neighbours is asked for); policies (no-export), communities,
operators on prefixes, as-sets in rules, auto-configuration and auto-ignore (their own configuration); squatting (Q: nobody
announced it before); IPv4 more specific than /24 by one who is nobody's neighbour is told like any other; a prefix nobody routes
(bgpy 008, 009); bgpy's cases whose attacker wins no AS or one alone (two must see a
new origin where there are two), or has no route of its own.
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from mrtmake import dump, update

START = 1500000000


class Bench:
    def __init__(self, isthmus):
        self.isthmus, self.bad, self.good, self.left = isthmus, 0, 0, []

    def events(self, who, table, updates):
        updates = [*updates, (START + 7200, *table[0])]  # time goes on
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/rib.20170714.0240", "wb") as f:
                f.write(dump(START, table))
            with open(f"{folder}/updates.20170714.0245", "wb") as f:
                for at, address, asn, prefix, path in updates:
                    f.write(update(at, address, asn, prefix, path))
            run = subprocess.run([self.isthmus, "events", "-o", "json", "--severity", "info", "--all-peers", *who, folder],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if run.returncode:
                sys.exit(f"exit {run.returncode}: {run.stderr}")
            return [json.loads(line) for line in run.stdout.splitlines()]

    def judge(self, name, want, told):
        if want == told:
            self.good += 1
            return
        self.bad += 1
        print(f"{name}: told {told}, not {want}")


def whom(e):
    return e.get("asn") or e.get("upstream")


# ---- ARTEMIS ----

HELD = {  # of the two configurations: prefix, origin, neighbour (detection.configs.config.yaml, rpki.configs.config.yaml)
    "10.0.0.0/8": (1, 2), "11.0.0.0/8": (1, 2), "10.0.2.0/24": (242, 2), "10.0.3.0/24": (243, 2), "10.0.4.0/24": (244, 2),
    "139.91.0.0/16": (8522, 5408), "2001:db8:abcd:12::/64": (8522, 5408), "2001:db8:abcd:11::/64": (777, 2),
}
KINDS = {"E|0": "origin-new", "S|0": "subprefix-new", "E|1": "upstream-new"}


def artemis(bench, folder):
    for file in sorted(glob.glob(f"{folder}/*.json")):
        name = os.path.basename(file)[:-5]
        if not name.startswith(("detection.simple_", "detection.implicit_withdrawal", "detection.legit", "rpki.")) or "no_export" in name:
            bench.left.append(f"artemis {name}")
            continue
        with open(file) as f:
            steps = json.load(f)
        groups = {}
        for step in steps:  # every prefix a case of its own
            verdict = step.get("detection_hijack_response", {})
            groups.setdefault(step["send"]["prefix"], []).append((step, verdict))
        for prefix, group in groups.items():
            artemis_case(bench, f"artemis {name} {prefix}", prefix, group)


def artemis_case(bench, name, prefix, group):
    verdicts = [v for _, v in group if v]
    kinds = {v["type"][:3] for v in verdicts}
    held = (verdicts[0]["configured_prefix"] if verdicts else prefix)
    if held not in HELD or "/" not in prefix or kinds - set(KINDS) or any(v["hijack_as"] == -1 for v in verdicts):
        bench.left.append(name)
        return
    origin, neighbour = HELD[held]
    peers = sorted({step["send"]["peer_asn"] for step, _ in group})
    table = [(f"192.0.2.{p % 250}", p, held, [p, 3, neighbour, origin]) for p in peers]
    updates = []
    for step, _ in group:
        s = step["send"]
        path = None if s["type"] == "W" else s["path"]
        updates.append((START + 600 + s["timestamp"], f"192.0.2.{s['peer_asn'] % 250}", s["peer_asn"], prefix, path))
    told = bench.events([held], table, updates)
    interesting = {"origin-new", "subprefix-new", "upstream-new"}
    got = sorted({(e["kind"], whom(e)) for e in told if e["kind"] in interesting})
    want = sorted({(KINDS[v["type"][:3]], v["hijack_as"]) for v in verdicts})
    bench.judge(name, want, got)
    last = group[-1][0].get("database_hijack_response", {})
    if last.get("withdrawn"):
        bench.judge(f"{name} is over", [True], sorted({"end" in e for e in told if e["kind"] in ("origin-new", "subprefix-new")}))


# ---- BGPAlerter ----

def bgpalerter(bench, folder):
    """The alerts it sent, "ORIGIN-PREFIX", and whose the prefixes are by its configuration."""
    with open(f"{folder}/prefixes.test.yml") as f:
        held = dict(re.findall(r"^(\S+/\d+):\n(?:  description:.*\n)  asn:\s*(?:\n    - )?(\d+)", f.read(), re.M))
    with open(f"{folder}/.cache_clone.status-basic-hijack-detection.json") as f:
        sent = json.load(f)["value"]["sent"]
    import ipaddress
    for key in sorted(sent):
        origin, _, prefix = key.rpartition("-")
        n = ipaddress.ip_network(prefix)
        cover = [h for h in held if ipaddress.ip_network(h, strict=False).version == n.version
                 and n.subnet_of(ipaddress.ip_network(h, strict=False))]
        if not origin.isdigit() or not cover:
            bench.left.append(f"bgpalerter {key} (an AS_SET for an origin)")
            continue
        kind = "origin-new" if prefix in cover else "subprefix-new"
        table = [("192.0.2.1", 100, cover[0], [100, 200, int(held[cover[0]])])]
        told = bench.events(cover[:1], table, [(START + 600, "192.0.2.1", 100, prefix, [100, 200, int(origin)])])
        got = sorted({(e["kind"], whom(e)) for e in told if e["kind"] in ("origin-new", "subprefix-new")})
        bench.judge(f"bgpalerter {key}", [(kind, int(origin))], got)


# ---- bgpy ----

def ribs(file):
    """Each AS's routes as (prefix, path). The file is YAML of a fixed shape."""
    asn, prefix, reading, out = None, None, False, {}
    with open(file) as f:
        for line in f:
            if m := re.match(r"    (\d+): !yamlable/AS$", line):
                asn = int(m[1])
                out[asn] = {}
            elif m := re.match(r"          ([0-9.]+/\d+): !yamlable/Announcement", line):
                prefix = m[1]
                out[asn][prefix] = []
            elif re.match(r"            as_path:", line):
                reading = True
            elif reading and (m := re.match(r"            - (\d+)", line)):
                out[asn][prefix].append(int(m[1]))
            else:
                reading = False
    return out


def bgpy(bench, folder):
    attacker, victim = 666, 777
    for file in sorted(glob.glob(f"{folder}/*.engine_gt.yaml")):
        name = "bgpy " + os.path.basename(file)[: -len(".engine_gt.yaml")]
        with open(file.replace("engine_gt", "outcomes_gt")) as f:
            outcome = dict((int(a), int(b)) for a, b in re.findall(r"(\d+): (\d)", f.read()))
        routes = ribs(file)
        lured = sorted(a for a in routes if a != attacker and outcome.get(a) == 0 and
                       any(p and p[-1] == attacker for p in routes[a].values()))
        held = {p for r in routes.values() for p, path in r.items() if path and path[-1] == victim}
        taken = {p for r in routes.values() for p, path in r.items() if path and path[-1] == attacker}
        if len(lured) < 2 or not held or not taken or "non_routed" in name:
            bench.left.append(name)
            continue
        kind = "origin-new" if held & taken else "subprefix-new"
        address = {a: f"192.0.2.{i + 1}" for i, a in enumerate(sorted(routes))}
        table = [(address[a], a, h, [a, victim] if a != victim else [victim]) for a in sorted(routes) if a != attacker for h in held]
        updates = [(START + 600 + i, address[a], a, p, path) for i, a in enumerate(sorted(routes)) if a != attacker
                   for p, path in sorted(routes[a].items()) if path[-1] == attacker]
        told = [e for e in bench.events(sorted(held), table, updates) if e["kind"] in ("origin-new", "subprefix-new")]
        seers = {a for _, _, a, _, _ in updates}  # also who holds the route and does not follow it: the victim itself
        bench.judge(f"{name}: the lured are among the seers", True, seers >= set(lured))
        bench.judge(name, [(kind, attacker, sorted(taken), len(seers))],
                    [(e["kind"], whom(e), e["prefixes"], e["vantage"]) for e in told])


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    bench = Bench(sys.argv[1])
    artemis(bench, f"{sys.argv[2]}/results-artemis")
    bgpalerter(bench, f"{sys.argv[2]}/results-bgpalerter")
    bgpy(bench, f"{sys.argv[2]}/results-bgpy-sim")
    print(f"{bench.good} verdicts reproduced, {bench.bad} not; {len(bench.left)} do not apply:")
    for name in bench.left:
        print("  " + name)
    sys.exit(1 if bench.bad or not bench.good else 0)


main()
