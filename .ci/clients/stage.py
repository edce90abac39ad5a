"""`runbook sim` behind TLS: what the real clients of Azure are pointed at.

Real clients refuse plain http, and the simulator speaks nothing else: a small front terminates TLS
and says so with `X-Forwarded-Proto`, as any proxy does. The front keeps its port while simulators
come and go behind it, so that one login and one token last for all scenarios.
"""

import contextlib
import http.client
import http.server
import json
import pathlib
import signal
import ssl
import subprocess
import tempfile
import threading

#: How many times faster than life time runs: a backup of 41 minutes takes less than a second.
SCALE = 3600


class Simulator:
    """One scenario, served by the program until it is stopped."""

    def __init__(self, program, name, state, scale):
        self.program, self.name, self.state = program, name, state
        self.start(scale)

    def start(self, scale):
        self.scale = scale
        said = self.state / f"{self.name}.stderr"
        self.process = subprocess.Popen(
            [self.program, "sim", "--listen", "127.0.0.1:0", "--scenario", self.name,
             "--state", str(self.state), "--time-scale", str(scale), "--output", "ndjson"],
            stdout=subprocess.PIPE, stderr=said.open("w"), text=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the simulator of {self.name} gave no address: {said.read_text()}")
        host, port = json.loads(line)["endpoint"].removeprefix("http://").split(":")
        self.address = host, int(port)

    def stop(self):
        """Ends it as a person would; it keeps its world first."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        if code != 0:
            raise SystemExit(f"the simulator of {self.name} ended with {code}")

    @property
    def world(self):
        return self.state / "sim" / self.name / "world.json"

    def ledger(self):
        """Every request that it answered; to be read once it has stopped."""
        return json.loads(self.world.read_text())["ledger"]

    def behave(self, **ways):
        """Starts again with other behaviour than that of the scenario."""
        self.stop()
        kept = json.loads(self.world.read_text())
        kept["world"]["behaviour"].update(ways)
        self.world.write_text(json.dumps(kept))
        self.start(self.scale)


class Front(http.server.ThreadingHTTPServer):
    """Terminates TLS and hands each request on to the simulator of the moment."""

    daemon_threads = True

    def __init__(self, certificate, key):
        super().__init__(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True,
                                          do_handshake_on_connect=False)
        self.backend = None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """A client that leaves is no news; what it thought of it, it says itself."""

    @property
    def url(self):
        return f"https://localhost:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One write for each answer, or Nagle's algorithm costs 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True

    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() != "connection"}
        headers["X-Forwarded-Proto"] = "https"
        backend = http.client.HTTPConnection(*self.server.backend, timeout=60)
        try:
            backend.request(self.command, self.path, body or None, headers)
            self.answer(backend.getresponse())
        except (OSError, http.client.HTTPException):
            # The simulator drops connections on purpose; the client is to see just that.
            self.close_connection = True
        finally:
            backend.close()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = forward

    def answer(self, response):
        body = response.read()
        self.send_response_only(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        if response.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Stage:
    """Where scenarios are played, one after the other."""

    def __init__(self, program, scratch):
        self.program = program
        self.scratch = pathlib.Path(tempfile.mkdtemp(dir=scratch))
        #: The authority that a client has to trust.
        self.certificate = self.scratch / "authority.pem"
        self.front = Front(*self.certify())
        self.url = self.front.url
        self.simulator, self.requests = None, 0

    def certify(self):
        """A certificate for this machine and its key, signed by an authority of our own: what is
        both at once is refused by rustls."""
        key, signed, signed_key = (self.scratch / name for name in
                                   ("authority.key", "localhost.pem", "localhost.key"))
        new = "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"
        for command in (
            (*new, "-subj", "/CN=stage", "-out", self.certificate, "-keyout", key,
             "-addext", "keyUsage=critical,keyCertSign"),
            (*new, "-subj", "/CN=localhost", "-out", signed, "-keyout", signed_key,
             "-CA", self.certificate, "-CAkey", key,
             "-addext", "basicConstraints=critical,CA:FALSE",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        ):
            made = subprocess.run(command, capture_output=True, text=True)
            if made.returncode != 0:
                raise SystemExit(f"openssl made no certificate: {made.stderr}")
        return signed, signed_key

    @contextlib.contextmanager
    def scenario(self, name, scale=SCALE):
        """Serves a scenario from its beginning."""
        state = pathlib.Path(tempfile.mkdtemp(dir=self.scratch))
        simulator = Simulator(self.program, name, state, scale)
        # Each entry on a page of its own: the clients have to follow every `nextLink`.
        simulator.behave(page_size=1)
        self.front.backend, self.simulator = simulator.address, simulator
        try:
            yield simulator
        finally:
            simulator.stop()
        self.requests += len(simulator.ledger())

    def hasten(self, scale=SCALE):
        """Lets time run faster from here on: what had to be seen running has been seen."""
        self.simulator.stop()
        self.simulator.start(scale)
        self.front.backend = self.simulator.address
