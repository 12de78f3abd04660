#!/usr/bin/env python3
"""serve.py URL: asks a running `isthmus serve` everything its description offers, and things it must refuse.

The answers are held against web/openapi.json as the server itself hands it out: every required key there, every type right.
"""
import gzip
import http.client
import json
import socket
import sys
import threading
import time
import urllib.parse

BASE = urllib.parse.urlsplit(sys.argv[1])
API = "/api/v1/"
passed, failures = 0, []


def check(ok, what):
    global passed
    if ok:
        passed += 1
    else:
        failures.append(what)
        print("FAILED:", what)


def ask(path, method="GET", **headers):
    c = http.client.HTTPConnection(BASE.hostname, BASE.port, timeout=20)
    c.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    r = c.getresponse()
    body = r.read()
    c.close()
    return r.status, {k.lower(): v for k, v in r.getheaders()}, body


def fits(value, schema, spec, where):
    """None, or what is wrong: the part of JSON Schema that the description uses."""
    if "$ref" in schema:
        return fits(value, spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], spec, where)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    kinds = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict, "array": list, "null": type(None)}
    if types and not any(isinstance(value, kinds[t]) and not (isinstance(value, bool) and t != "boolean") for t in types):
        return "%s: %r is no %s" % (where, value, types)
    if "enum" in schema and value not in schema["enum"]:
        return "%s: %r is none of %s" % (where, value, schema["enum"])
    if isinstance(value, dict):
        for key in schema.get("required", []):
            if key not in value:
                return "%s: lacks %s" % (where, key)
        for key, v in value.items():
            bad = key in schema.get("properties", {}) and fits(v, schema["properties"][key], spec, where + "." + key)
            if bad:
                return bad
    if isinstance(value, list):
        for i, v in enumerate(value):
            bad = fits(v, schema.get("items", {}), spec, "%s[%d]" % (where, i))
            if bad:
                return bad
    return None


def described(spec):
    events = json.loads(ask(API + "events?limit=1")[2])["items"]
    fill = {"{who}": "KP", "{id}": str(events[0]["id"]) if events else "1"}
    for path, item in spec["paths"].items():
        content = item["get"]["responses"]["200"]["content"]
        if "application/json" not in content or path == "/openapi.json":
            continue
        url = API + path[1:]
        for k, v in fill.items():
            url = url.replace(k, v)
        status, head, body = ask(url)
        check(status == 200, "%s answers %d" % (url, status))
        check(head.get("content-type", "").startswith("application/json"), "%s is JSON" % url)
        wrong = fits(json.loads(body), content["application/json"]["schema"], spec, path)
        check(wrong is None, str(wrong))
        etag = head.get("etag")
        check(etag is not None and ask(url, If_None_Match=etag)[0] == 304, "%s: 304 for its ETag" % url)
        check(ask(url)[2] == body, "%s: the same again" % url)
        _, zipped, packed = ask(url, Accept_Encoding="gzip")
        check((gzip.decompress(packed) if zipped.get("content-encoding") == "gzip" else packed) == body, "%s: gzip is the same" % url)
        if "text/csv" in content:
            for csv in (ask(url, Accept="text/csv"), ask(url + ("&" if "?" in url else "?") + "format=csv")):
                check(csv[0] == 200 and csv[1]["content-type"].startswith("text/csv") and csv[2].count(b"\r\n") >= 2, "%s as CSV" % url)


def refused():
    for path, status, says in [("report/KP?family=5", 400, "family"), ("report/KP?colour=red", 400, "colour"), ("report/KP?at=soon", 400, "at"),
                               ("rank?limit=3", 400, "limit"), ("events?limit=0", 400, "limit"), ("events?limit=1001", 400, "limit"), ("events?kind=party", 400, "kind"),
                               ("events?from=2018-01-01&to=2017-01-01", 400, "before"), ("events?from=2017-01-01&from=2017-01-02", 400, "twice"),
                               ("report/ZZZZ", 404, "ZZZZ"), ("events/999999999", 404, "999999999"), ("events/x", 400, "x"), ("nothing", 404, "openapi"),
                               ("report/" + "A" * 3000, 404, ""), ("series/KP?step=-1", 400, "step"), ("report/%00%ff", 404, "")]:
        code, head, body = ask(API + path)
        problem = json.loads(body) if head.get("content-type") == "application/problem+json" else {}
        check(code == status and problem.get("status") == status and says in problem.get("detail", ""), "%s: %d %s" % (path[:60], code, problem.get("detail")))
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        check(ask(API + "report/KP", method=method)[0] == 405, method + " is refused")
    check(ask("/../../etc/passwd")[0] == 404, "no way out of the embedded files")


def harmed():
    """Bytes that are no request, a request never finished, a header too large: the others go on."""
    seeds = [b"\0" * 4096, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"b" * 100000,
             b"POST /api/v1/rank HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b"GET /api/v1/report/%zz?%=%&&=&family HTTP/1.1\r\nHost: x\r\n\r\n", bytes(range(256)) * 8]
    held = []
    for data in seeds * 3:
        s = socket.create_connection((BASE.hostname, BASE.port), timeout=10)
        s.sendall(data[:60000]) if len(data) > 60000 else s.sendall(data)
        held.append(s)
    for _ in range(40):  # slow ones: a byte, then silence
        s = socket.create_connection((BASE.hostname, BASE.port), timeout=10)
        s.sendall(b"G")
        held.append(s)
    check(all(ask(API + "rank")[0] == 200 for _ in range(20)), "answers while slow and broken clients hang on")
    for s in held:
        s.close()
    check(ask("/healthz")[2] == b"ok\n", "healthy after them")


def streams():
    got = []

    def read():
        s = socket.create_connection((BASE.hostname, BASE.port), timeout=5)
        s.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n\r\n")
        end = time.time() + 3
        while time.time() < end and not any(b": isthmus" in g for g in got):
            got.append(s.recv(4096))
        s.close()
    t = threading.Thread(target=read)
    t.start()
    t.join()
    text = b"".join(got)
    check(b"text/event-stream" in text and b": isthmus" in text, "the stream opens")


status, _, text = ask(API + "openapi.json")
check(status == 200, "the description is there")
spec = json.loads(text)
described(spec)
refused()
harmed()
streams()
check(b"isthmus_store_files_total" in ask("/metrics")[2], "metrics")
print("serve: %d checks passed, %d failed" % (passed, len(failures)))
sys.exit(1 if failures else 0)
