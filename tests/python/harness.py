"""Starts the built binary, talks to it, counts what was checked. Standard library only; every port is the server's choice."""
import http.client, json, os, queue, re, subprocess, sys, threading, time, traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("SCORELET_BIN", os.path.join(ROOT, os.environ.get("CARGO_TARGET_DIR", "target"), "debug", "scorelet"))
START_SECONDS = 30


class Refused(Exception):
    """The server ended instead of listening: its exit code and what it wrote."""

    def __init__(self, code, text):
        super().__init__(f"exit {code}: {text.strip()}")
        self.code, self.text = code, text


class Server:
    """`scorelet serve MODEL` on a free port, stopped at the end of the `with` block."""

    def __init__(self, model, *flags, env=None):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("SCORELET_", "AZUREML_", "AML_"))}
        self.process = subprocess.Popen([BINARY, "serve", model, "--port", "0", *flags], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, env=clean | (env or {}))
        self.lines, self.said = queue.Queue(), []
        threading.Thread(target=self._read, daemon=True).start()
        self.host, self.port = self._address()
        self.connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        self._ready()

    def _read(self):
        for line in self.process.stdout:
            self.said.append(line)
            self.lines.put(line)
        self.lines.put(None)

    def _address(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                line = self.lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                break
            if line is None:
                raise Refused(self.process.wait(), "".join(self.said))
            found = re.search(r'listening on (?:http://)?([\d.]+):(\d+)', line) or (
                '"listening"' in line and re.search(r'"addr":"([\d.]+):(\d+)"', line))
            if found:
                return found[1], int(found[2])
        self.stop()
        raise Refused(None, f"not listening after {START_SECONDS} s: {''.join(self.said)}")

    def _ready(self):
        """The port is open before the model is loaded; scoring answers 503 until then."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                if self.request("GET", "/health/ready")[0] == 200:
                    return
            except (ConnectionError, http.client.HTTPException):
                self.connection.close()
                if self.process.poll() is not None:
                    raise Refused(self.process.returncode, "".join(self.said)) from None
            time.sleep(0.002)
        self.stop()
        raise Refused(None, f"not ready after {START_SECONDS} s: {''.join(self.said)}")

    def request(self, method, path, body=None, headers=None):
        """(status, headers, bytes of the body); the connection is kept between calls."""
        self.connection.request(method, path, body, headers or {})
        answer = self.connection.getresponse()
        return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), answer.read()

    def score(self, payload):
        """(status, parsed reply) of POST /score."""
        body = (payload if isinstance(payload, str) else json.dumps(payload)).encode()
        status, _, reply = self.request("POST", "/score", body, {"Content-Type": "application/json"})
        return status, json.loads(reply)

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()
        self.stop()


class Checks:
    """Counts checks; a failed one is shown and does not end the run."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def run(self, name, function, *args):
        try:
            function(*args)
            self.passed += 1
        except Exception as e:
            self.failed += 1
            detail = str(e) if isinstance(e, (AssertionError, Refused)) else traceback.format_exc()
            print(f"FAILED {name}: {detail}", flush=True)

    def skip(self, name, why):
        self.skipped += 1
        print(f"SKIPPED {name}: {why}", flush=True)

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)
        sys.exit(1 if self.failed else 0)
