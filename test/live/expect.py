"""expect.py HOOKS MAILDIR BEGAN KIND STATE SECONDS: waits until an event of this kind and state about AS20485 came by webhook and
by mail within SECONDS of the first update, and looks whether its times are right. BEGAN: when the deed was done; the speakers take
some seconds to act on it."""
import datetime, email, glob, json, os, sys, time

hooks, maildir, began, kind, state, within = sys.argv[1:7]
began, within = float(began), float(within)

def moment(text):
    text = text.rstrip("Z")
    form = "%Y-%m-%dT%H:%M:%S.%f" if "." in text else "%Y-%m-%dT%H:%M:%S"
    return datetime.datetime.strptime(text, form).replace(tzinfo=datetime.timezone.utc).timestamp()

def by_hook():
    if not os.path.exists(hooks):
        return None
    for line in open(hooks):
        post = json.loads(line)
        for e in post["body"]["events"]:
            if e["event"]["kind"] == kind and e["state"] == state and e["event"].get("upstream") == 20485 and post["at"] >= began:
                return post["at"], e["event"]
    return None

def by_mail():
    for path in glob.glob(maildir + "/new/*"):
        subject = email.message_from_file(open(path))["Subject"]
        told = subject.startswith("KP: ") and (kind in subject) and (("over: " in subject) == (state == "over"))
        if told and "AS20485" in subject and os.stat(path).st_mtime >= began - 1:
            return os.stat(path).st_mtime
    return None

while time.time() < began + within + 20:
    hook, mail = by_hook(), by_mail()
    if hook and mail:
        break
    time.sleep(0.1)
if not hook or not mail:
    sys.exit(print(f"{kind} {state}: by webhook {hook}, by mail {mail}") or 1)
at, event = hook
first = moment(event["first_seen"])
sign = first if kind == "upstream-new" else moment(event["confirmed"])  # a return within minutes is told from its episode's first sign
if state == "begun" and not began <= sign <= at:
    sys.exit(print(f"{kind}: first seen {first}, begun {began}, told {at}") or 1)
if state == "over" and not began <= moment(event["end"]) <= at:
    sys.exit(print(f"{kind}: over {event['end']}, begun {began}, told {at}") or 1)
if event.get("territory") != "KP":
    sys.exit(print(f"{kind}: territory {event.get('territory')}") or 1)
update = sign if state == "begun" else moment(event["end"])
if max(at, mail) - update > within:
    sys.exit(print(f"{kind} {state}: webhook after {at - update:.1f} s, mail after {mail - update:.1f} s, want {within} s") or 1)
print(f"{kind} {state}: first update {update - began:.1f} s after the deed; webhook {at - update:.2f} s, mail {mail - update:.2f} s after it")
