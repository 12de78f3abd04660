"""watch.py ISTHMUS DIR: `isthmus watch` as who runs it meets it, on loopback: alert routes with and without good certificates
(a real SMTP server, aiosmtpd), systemd's notify socket, many routers at once, sources that fall silent and speak again,
configurations reloaded while an event is under way, a stop that loses nothing. Ends by itself within two minutes."""
import base64, email, email.header, email.policy, glob, hashlib, http.server, json, logging, os, signal, socket, ssl, struct, subprocess, sys, threading, time, traceback
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

isthmus, where = sys.argv[1:3]
signal.alarm(120)
logging.disable(logging.CRITICAL)
running = []


def path(name):
    return os.path.join(where, name)


def fail(why):
    for name in ("said", "all", "notes"):
        if os.path.exists(path(name)):
            print(f"  {name}:")
            print("    " + open(path(name), errors="replace").read()[-3000:].replace("\n", "\n    "))
    print("watch:", why, flush=True)
    for p in running:
        p.kill()
    os._exit(1)


sys.excepthook = lambda *e: fail("".join(traceback.format_exception(*e)))


def check(good, why):
    if not good:
        fail(why)


def wait(what, why, seconds=20):
    end = time.time() + seconds
    while time.time() < end:
        got = what()
        if got:
            return got
        time.sleep(0.05)
    fail(why)


def put(name, text):
    with open(path(name), "w") as f:
        f.write(text)
    return path(name)


def lines(name):
    return open(path(name)).read().splitlines() if os.path.exists(path(name)) else []


# ---- receivers ----

def certificate(name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + name, "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", path(name + ".key"), "-out", path(name + ".crt")], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path(name + ".crt"), path(name + ".key"))
    return context


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Mailbox:
    def __init__(self):
        self.mails, self.login = [], None

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((session.ssl is not None or isinstance(server.transport.get_extra_info("ssl_object"), ssl.SSLObject),
                           envelope.mail_from, envelope.rcpt_tos, envelope.content.decode()))
        return "250 taken"

    def authenticate(self, server, session, envelope, mechanism, login):
        self.login = (login.login, login.password)
        return AuthResult(success=login.password == b"secret")


def smtp(**options):
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port(), authenticator=box.authenticate, auth_require_tls=False, **options)
    server.start()
    return box, server


class Take(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.posts.append((self.headers.get("Authorization"), json.loads(body)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


def hook(port, context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Take)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *a: None
    server.posts = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Datagrams:
    """A Unix socket like /dev/log or systemd's."""

    def __init__(self, name):
        self.socket, self.got = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), []
        self.socket.bind(path(name))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            self.got.append(self.socket.recv(65536).decode())


# ---- alert routes: --test-alert ----

good, stranger = certificate("good"), certificate("stranger")
start_box, start = smtp(tls_context=good, require_starttls=True)
tls_box, tls = smtp(ssl_context=good)
false_box, false = smtp(ssl_context=stranger)
bare_box, bare = smtp()
web, secure, false_web, log = hook(free_port()), hook(free_port(), good), hook(free_port(), stranger), Datagrams("log")
SOURCE = "[bmp routers]\nlisten = 127.0.0.1:0\n"


def mail(name, url, more):
    return f"[alert {name}]\nkind = mail\nurl = {url}\nfrom = isthmus@example.net\nto = noc@example.net, boss@example.net\n{more}\n"


def test_alert(conf):
    return subprocess.run([isthmus, "watch", "--config", put("test.conf", conf), "--test-alert"], capture_output=True, text=True)


ran = test_alert(f"[watch]\nwho = KP\nspool = {path('none')}\n" + SOURCE +
                 mail("start", f"smtp://127.0.0.1:{start.port}", f"starttls = yes\nca = {path('good.crt')}\nterritory = SY") +
                 mail("tls", f"smtps://127.0.0.1:{tls.port}", f"ca = {path('good.crt')}\nuser = me\npassword = secret") +
                 f"[alert web]\nkind = webhook\nurl = http://127.0.0.1:{web.server_port}/\nuser = me\npassword = secret\n"
                 f"[alert chat]\nkind = slack\nurl = http://127.0.0.1:{web.server_port}/\n"
                 f"[alert secure]\nkind = webhook\nurl = https://127.0.0.1:{secure.server_port}/\nca = {path('good.crt')}\n"
                 f"[alert log]\nkind = syslog\nsocket = {path('log')}\n[alert run]\nkind = command\nrun = cat >{path('ran')}\n"
                 f"[alert lines]\nkind = file\nfile = {path('lines')}\n")
check(ran.returncode == 0 and "every alert route took" in ran.stdout, f"--test-alert: {ran}")
for name, box in ("STARTTLS", start_box), ("smtps", tls_box):
    check(len(box.mails) == 1, f"{name}: {len(box.mails)} mails")
    encrypted, sender, to, text = box.mails[0]
    check(encrypted and sender == "isthmus@example.net" and to == ["noc@example.net", "boss@example.net"], f"{name}: {box.mails[0]}")
    check("Subject: routing: upstream-new, critical\r\n" in text and "This is a test of the alert routes" in text, f"{name}: {text}")
check(tls_box.login == (b"me", b"secret"), f"smtps: login {tls_box.login}")
check(len(secure.posts) == 1, f"https: {len(secure.posts)} posts")
check(sorted(p[0] or "" for p in web.posts) == ["", "Basic " + base64.b64encode(b"me:secret").decode()], f"webhooks: {web.posts}")
check(log.got and log.got[0].startswith("<26>") and "This is a test" in log.got[0], f"syslog: {log.got}")
check(json.load(open(path("ran")))["events"] and json.load(open(path("lines")))["events"], "command and file")
check(not os.path.exists(path("none")), "--test-alert touched the spool")

ran = test_alert(f"[watch]\nwho = KP\nspool = {path('none')}\n" + SOURCE +
                 mail("stranger", f"smtps://127.0.0.1:{false.port}", f"ca = {path('good.crt')}") +
                 mail("system", f"smtp://127.0.0.1:{start.port}", "starttls = yes") +
                 f"[alert web]\nkind = webhook\nurl = https://127.0.0.1:{false_web.server_port}/\nca = {path('good.crt')}\n" +
                 mail("bare", f"smtp://127.0.0.1:{bare.port}", "starttls = yes") + f"[alert lines]\nkind = file\nfile = {path('lines')}\n")
check(ran.returncode == 1 and "4 of 5 alert routes did not take" in ran.stderr, f"--test-alert with bad receivers: {ran}")
for name in "stranger", "system", "web":
    check(any(f"alert {name}: not delivered: " in l and "certificate" in l for l in ran.stderr.splitlines()), f"{name}: {ran.stderr}")
check("alert bare: not delivered: " in ran.stderr, f"bare: {ran.stderr}")
check(not false_web.posts and not false_box.mails and not bare_box.mails and len(start_box.mails) == 1, "a mail went where nobody could be sure of")

# ---- sources ----

MARK = b"\xff" * 16


def message(kind, body=b""):
    return MARK + struct.pack(">HB", 19 + len(body), kind) + body


def update(asn, upstream=None):
    """The four prefixes of North Korea by 4837 or another, or withdrawn."""
    prefixes = b"".join(bytes([24, 175, 45, n]) for n in (176, 177, 178, 179))
    if upstream is None:
        return message(2, struct.pack(">H", len(prefixes)) + prefixes + b"\0\0")
    path_ = struct.pack(">BBIII", 2, 3, asn, upstream, 131279)
    attrs = b"\x40\x01\x01\x00\x40\x02" + bytes([len(path_)]) + path_ + b"\x40\x03\x04\x0a\x00\x00\x01"
    return message(2, b"\0\0" + struct.pack(">H", len(attrs)) + attrs + prefixes)


def open_message(asn):
    capability = b"\x02\x06\x41\x04" + struct.pack(">I", asn)
    return message(1, struct.pack(">BHH4sB", 4, asn if asn < 65536 else 23456, 90, socket.inet_aton(f"10.0.{asn >> 8 & 255}.{asn & 255}"),
                                  len(capability)) + capability)


class Peer(socket.socket):
    asn = 0


def connect(port, source):
    s = Peer()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((source, 0))
    s.connect(("127.0.0.1", port))
    s.settimeout(10)
    return s


def bgp(port, source, asn):
    s = connect(port, source)
    s.sendall(open_message(asn))
    got = b""
    while got.count(MARK) < 2 or len(got) < 29 + 19:
        got += s.recv(4096)
    s.sendall(message(4) + update(asn, 4837) + message(2, bytes(4)))
    s.asn = asn
    return s


def bmp(port, source, asn):
    s = connect(port, source)
    peer = b"\0\0" + bytes(8) + bytes(12) + socket.inet_aton(source) + struct.pack(">I4sII", asn, b"\x0a\0\0\1", int(time.time()), 0)

    def frame(kind, body):
        return struct.pack(">BIB", 3, 6 + len(body), kind) + body

    up = peer + bytes(12) + b"\x7f\0\0\1" + struct.pack(">HH", 179, 12345) + open_message(65000) + open_message(asn)
    s.sendall(frame(4, b"\0\2\0\1x") + frame(3, up) + frame(0, peer + update(asn, 4837)))
    return s, lambda: s.sendall(frame(1, peer + struct.pack(">I", 0)))


def mrt(name):
    """A BGP4MP file of now with one empty UPDATE."""
    body = struct.pack(">HHHH4s4s", 3356, 12654, 0, 1, b"\xc0\0\2\1", b"\xc0\0\2\2") + message(2, bytes(4))
    with open(path("incoming/." + name), "wb") as f:
        f.write(struct.pack(">IHHI", int(time.time()), 16, 1, len(body)) + body)
    os.rename(path("incoming/." + name), path("incoming/" + name))


def ris_server(listener, speak):
    """RIS Live without TLS, which is allowed on loopback only: one message when told so."""
    s, _ = listener.accept()
    asked = b""
    while b"\r\n\r\n" not in asked:
        asked += s.recv(4096)
    key = [l.split(b": ")[1] for l in asked.split(b"\r\n") if l.lower().startswith(b"sec-websocket-key")][0]
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    s.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
    speak.wait()
    text = json.dumps({"type": "ris_message", "data": {
        "timestamp": time.time(), "peer": "192.0.2.9", "peer_asn": "3200", "id": "x", "host": "rrc99.ripe.net", "type": "UPDATE",
        "raw": update(3200, 4837).hex()}}).encode()
    s.sendall(b"\x81\x7e" + struct.pack(">H", len(text)) + text)
    time.sleep(60)


# ---- the run ----

bgp_port, bmp_port, hook_port = free_port(), free_port(), free_port()
ris = socket.create_server(("127.0.0.1", 0))
speak = threading.Event()
threading.Thread(target=ris_server, args=(ris, speak), daemon=True).start()
os.mkdir(path("incoming"))
mrt("first")
systemd = Datagrams("systemd")


def conf(watch="", alerts=""):
    return (f"[watch]\nwho = KP\nfamily = 4\nregistry = {path('asn.txt')}\nstore = {path('store')}\nspool = {path('spool')}\nwarm-up = 3s\nlost-after = 2s\n{watch}"
            f"[bgp lab]\nlisten = 127.0.0.1:{bgp_port}\nlocal-as = 12654\nallow = 127.0.1.0/24\nsilence = 2s\n"
            f"[bmp routers]\nlisten = 127.0.0.1:{bmp_port}\nallow = 127.0.1.0/24\nsilence = 2s\n"
            f"[follow files]\nfolder = {path('incoming')}\nevery = 1s\nsilence = 2s\n"
            f"[ris live]\nurl = ws://127.0.0.1:{ris.getsockname()[1]}/v1/ws/\nsilence = 2s\n"
            f"[alert letter]\nkind = mail\nurl = smtp://127.0.0.1:{bare.port}\nfrom = a@example.net\nto = b@example.net\nterritory = KP\nseverity = info\n"
            f"[alert all]\nkind = file\nfile = {path('all')}\nseverity = info\n"
            f"[alert dead]\nkind = webhook\nurl = http://127.0.0.1:{hook_port}/\nterritory = KP\nseverity = info\n{alerts}")


def begin():
    p = subprocess.Popen([isthmus, "watch", "--config", path("conf")], stderr=open(path("said"), "a"),
                         env={**os.environ, "NOTIFY_SOCKET": path("systemd")})
    running.append(p)
    return p


def said(text):
    return any(text in l for l in lines("said"))


def told(name, state, why):
    return [e for l in lines(name) for e in json.loads(l)["events"] if e["state"] == state and why in e["event"]["why"]]


def told_of(name, state, kind):
    return [e for l in lines(name) for e in json.loads(l)["events"] if e["state"] == state and e["event"]["kind"] == kind]


put("asn.txt", "3399 \u0422\u0440\u0430\u043d\u0441\u0422\u0435\u043b\u0435\u041a\u043e\u043c, RU\n")
put("conf", conf())
watch = begin()
wait(lambda: "READY=1" in systemd.got, "READY=1 did not come")

# Whoever may not connect is turned away; everybody else at once.
with connect(bgp_port, "127.0.2.1") as s:
    check(s.recv(100) == b"", "an address that is not allowed was answered")
wait(lambda: said("lab: 127.0.2.1 is not allowed") or said("127.0.2.1 is not allowed to connect"), "the refusal is not said")

# Silence of each kind of source, told once each; then each speaks.
for name in "lab", "routers", "files", "live":
    wait(lambda: told("all", "begun", f"source {name} has said nothing since"), f"the silence of {name} is not told")
peers = [bgp(bgp_port, f"127.0.1.{i}", 3000 + i) for i in range(1, 61)]
routers = [bmp(bmp_port, f"127.0.1.{i}", 3100 + i) for i in range(1, 61)]
mrt("second")
speak.set()
for name in "lab", "routers", "files", "live":
    wait(lambda: told("all", "over", f"source {name} speaks again"), f"the end of the silence of {name} is not told")


stopping = threading.Event()


def keep_alive():
    while not stopping.is_set():
        time.sleep(0.5)
        try:
            for s in peers:
                s.sendall(message(4))
            for _, stats in routers:
                stats()
        except OSError:
            return


alive = threading.Thread(target=keep_alive, daemon=True)
alive.start()
wait(lambda: sum(" connected: " in l for l in lines("said")) >= 120, "not every router connected")
time.sleep(3.5)  # the warm-up
quiet = len(told("all", "begun", "source lab"))
check(not told_of("all", "begun", "upstream-new"), "a table transfer was told as news")

# An event begins; configurations come and go while it is under way.
for s in peers:
    s.sendall(update(s.asn, 3399))
wait(lambda: told_of("all", "begun", "upstream-new"), "the new upstream is not told")
time.sleep(1.1)  # shares are kept by the second
wait(lambda: bare_box.mails, "the mail about it did not come")
subject = email.message_from_string(bare_box.mails[0][3], policy=email.policy.default)["Subject"]
check(subject == "KP: upstream-new AS3399 \u0422\u0440\u0430\u043d\u0441\u0422\u0435\u043b\u0435\u041a\u043e\u043c (RU), medium",
      f"the mail's subject: {subject} {bare_box.mails[0][3][:400]}")
check(all(len(l) <= 76 and l.isascii() for l in bare_box.mails[0][3].split("\r\n\r\n")[0].split("\r\n")), "a header is long or not ASCII")
more = f"[alert more]\nkind = file\nfile = {path('more')}\nterritory = KP\nseverity = info\ntemplate = {{territory}}/{{kind}}/{{state}}\n"
put("conf", conf(alerts=more))
systemd.got.clear()
watch.send_signal(signal.SIGHUP)
wait(lambda: said("the new configuration is in force: 4 sources, 4 alert routes"), "HUP did not put the new configuration in force")
wait(lambda: "READY=1" in systemd.got, "READY=1 after the reload did not come")
check(any(l.startswith("RELOADING=1") for l in systemd.got), "RELOADING=1 did not come")
put("conf", conf("family = 5\n"))
watch.send_signal(signal.SIGHUP)
wait(lambda: said("the configuration before stays in force"), "a broken configuration is not refused")
check(said(path("conf") + ":9: \"5\": 4, 6 or all is wanted"), "the broken line is not named")
put("conf", conf("who = nowhere\n"))
watch.send_signal(signal.SIGHUP)
wait(lambda: sum("the configuration before stays in force" in l for l in lines("said")) == 2, "an unknown territory is not refused")
for s in peers:
    s.sendall(update(s.asn, 4837))
wait(lambda: told_of("all", "over", "upstream-new"), "the end of what was under way over a reload is not told")
wait(lambda: "KP/upstream-new/over" in lines("more"), "the route that came with the reload is not used")
check(not any("upstream-new/begun" in l for l in lines("more")), "the new route was told what the old ones were before")
check(len(told("all", "begun", "source lab")) == quiet, "KEEPALIVEs count as silence")
check(not any(" ended: " in l and not l.startswith("files") for l in lines("said")), "a session ended over a reload")
wait(lambda: any("STATUS=" in l and "WATCHDOG=1" in l for l in systemd.got), "no STATUS and WATCHDOG")

# The stop: Cease to every peer, and what is not delivered stays.
stopping.set()
alive.join()
watch.send_signal(signal.SIGTERM)
check(watch.wait(20) == 0, "the stop is no good end")
check("STOPPING=1" in systemd.got, "STOPPING=1 did not come")
for s in peers:
    got = b""
    while chunk := s.recv(4096):
        got += chunk
    check(got.endswith(message(3, b"\x06\x02")), "no Cease at the end of a session")
left = sorted(os.path.basename(f) for f in glob.glob(path("spool/*")))
check(len(left) >= 2 and all(f.endswith(".dead") for f in left), f"in the spool: {left}")
ran = subprocess.run([isthmus, "check", path("store")], capture_output=True, text=True)
check(ran.returncode == 0, f"the store is not whole: {ran.stdout}")
ran = subprocess.run([isthmus, "history", "KP", "--store", path("store"), "-o", "json"], capture_output=True, text=True)
check("3399" in ran.stdout, f"the store knows nothing of AS3399: {ran}")

# The receiver is back: after the restart it gets what waited, once each, in order.
dead = hook(hook_port)
put("conf", conf())
watch = begin()
wait(lambda: len(dead.posts) >= len(left), "what waited in the spool is not delivered after the restart")
states = [(e["event"]["kind"], e["state"]) for _, body in dead.posts for e in body["events"]]
check(states.index(("upstream-new", "begun")) < states.index(("upstream-new", "over")), f"not in order: {states}")
check(len(dead.posts) == len(left), f"delivered twice: {states}")
wait(lambda: not glob.glob(path("spool/*.dead")), "delivered messages stay in the spool")

# Other sources and another territory: everything is opened anew, the new source too.
more_port = free_port()
put("conf", conf().replace("who = KP\n", "who = KP CU\n") + f"[bmp extra]\nlisten = 127.0.0.1:{more_port}\n")
watch.send_signal(signal.SIGHUP)
wait(lambda: said("the new configuration is in force: 5 sources, 3 alert routes"), "HUP did not bring the new source")
check(said("watching begins anew"), "that watching begins anew is not said")
extra = bmp(more_port, "127.0.0.1", 3300)
wait(lambda: said("extra: 127.0.0.1 connected"), "the new source does not work")
again = bgp(bgp_port, "127.0.1.1", 3001)
wait(lambda: sum("127.0.1.1 AS3001" in l and " connected: " in l for l in lines("said")) == 2, "an old source does not work any more")
watch.send_signal(signal.SIGTERM)
check(watch.wait(20) == 0, "the second stop is no good end")
print("watch: alert routes, notify, 120 routers, silences, reloads and stops are as they should be")
os._exit(0)
