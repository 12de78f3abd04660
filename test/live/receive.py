"""receive.py WEBHOOK_PORT FILE: a webhook receiver on every address of its namespace; each POST's time and body to FILE, a line each."""
import http.server, json, sys, time

class Take(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        with open(sys.argv[2], "a") as f:
            f.write(json.dumps({"at": time.time(), "body": json.loads(body)}) + "\n")
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass

http.server.ThreadingHTTPServer(("", int(sys.argv[1])), Take).serve_forever()
