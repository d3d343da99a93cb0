"""k8s/components/monitoring: rules, alerts and dashboard against a real server and a real Prometheus.

That an alert fires, and when, is promtool's to say (tests/k8s/alerts_test.yml); here it is shown that the series which
rules and dashboard ask for are those that the server has.
"""
import contextlib, json, os, re, shutil, subprocess, tempfile, time, urllib.error, urllib.parse, urllib.request

from harness import BINARY, ROOT, Server
from manifests import rendered

FOLDER = "components/monitoring"
START_SECONDS = 60
# Answers to these are empty in a server that has had no trouble.
SELDOM = "Model changes"


def manifest(kind):
    return next(m for m in rendered()[FOLDER] if m["kind"] == kind)


def dashboard():
    """(title, expression) of each panel and annotation, as Grafana would ask with everything chosen."""
    content = json.loads(next(m for m in rendered()[FOLDER] if m["metadata"]["name"] == "scorelet-dashboard")["data"]["scorelet.json"])
    asked = [(p["title"], t["expr"]) for p in content["panels"] for t in p["targets"]]
    asked += [(a["name"], a["expr"]) for a in content["annotations"]["list"]]
    plain = lambda e: re.sub(r"\$(namespace|job)\b", ".*", e.replace("$__rate_interval", "1m"))
    return [(title, plain(expr)) for title, expr in asked]


def rules():
    return [rule for group in manifest("PrometheusRule")["spec"]["groups"] for rule in group["rules"]]


def promtool(folder, *arguments):
    done = subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def alerts_are_tested():
    """Each alert has a case in which it is expected to fire."""
    with open(os.path.join(ROOT, "tests", "k8s", "alerts_test.yml")) as f:
        text = f.read()
    fires = set(re.findall(r"alertname: (\w+)\n +eval_time: \w+\n +exp_alerts:\n", text))
    fires |= set(re.findall(r'ALERTS\{alertname="(\w+)",alertstate="firing"', text))
    known = {r["alert"] for r in rules() if "alert" in r}
    assert fires == known, f"not tested: {known - fires}; not there: {fires - known}"


def names_exist(server):
    """Every metric that a rule or the dashboard names is one of the server's, or a rule's, or Prometheus' own."""
    told = server.request("GET", "/metrics")[2].decode()
    known = {"up"} | {r["record"] for r in rules() if "record" in r}
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", told, re.M):
        known |= {name + suffix for suffix in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    for place, expr in [(r.get("alert") or r["record"], r["expr"]) for r in rules()] + dashboard():
        named = set(re.findall(r"\b(?:scorelet_|process_|namespace_job:)\w[\w:]*", re.sub(r'"[^"]*"', "", expr)))
        assert named and named <= known, f"{place}: the server has no {named - known}"


def exposition(server, folder):
    """Prometheus' own check of the page's form and of the names in it."""
    text = server.request("GET", "/metrics")[2]
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()


def configuration(server):
    """What the operator makes of the ServiceMonitor for one pod of one service, asked more often."""
    endpoint = manifest("ServiceMonitor")["spec"]["endpoints"][0]
    labels = {"namespace": "ml", "job": "scorelet", "service": "scorelet", "pod": "scorelet-0", "endpoint": endpoint["port"]}
    static = [{"targets": [f"{server.host}:{server.port}"], "labels": labels}]
    scrape = {"job_name": "scorelet", "metrics_path": endpoint["path"], "static_configs": static}
    return {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": ["rules.yml"], "scrape_configs": [scrape]}


@contextlib.contextmanager
def prometheus(folder):
    """Asks a running Prometheus; the port is the system's choice, which its log tells."""
    with open(os.path.join(folder, "log"), "w") as log:
        process = subprocess.Popen(["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address=127.0.0.1:0"],
                                   cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        until(lambda: said(folder) or process.poll() is not None, lambda: "Prometheus is silent")
        address = said(folder)
        assert address, f"Prometheus ends with {process.poll()}"
        until(lambda: ready(address), lambda: "Prometheus does not get ready")

        def ask(path, **parameters):
            try:
                with urllib.request.urlopen(f"http://{address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=10) as answer:
                    return json.load(answer)["data"]
            except urllib.error.HTTPError as e:
                raise AssertionError(f"{parameters}: {e.read().decode()}") from None

        yield ask
    finally:
        process.terminate()
        process.wait()


def said(folder):
    with open(os.path.join(folder, "log")) as f:
        found = re.search(r'msg="Listening on" address=(\S+)', f.read())
    return found and found[1]


def ready(address):
    """It listens before it answers."""
    try:
        with urllib.request.urlopen(f"http://{address}/-/ready", timeout=10):
            return True
    except urllib.error.URLError:
        return False


def until(holds, why):
    end = time.monotonic() + START_SECONDS
    while not holds():
        assert time.monotonic() < end, why()
        time.sleep(0.1)


def answered(ask, title, expr):
    result = ask("query", query=expr)["result"]
    assert result, f"{title}: no answer to {expr}"
    assert all(value != "NaN" for r in result for value in r["value"][1:]), f"{title}: {expr} is no number"


def exercise(server):
    """Some of everything, so that rates have something to tell."""
    with open("scoring/sample-request.json", "rb") as f:
        body = f.read()
    for _ in range(20):
        assert server.request("POST", "/score", body)[0] == 200
    assert server.request("POST", "/score", b"{}")[0] == 400


def register(registry):
    command = [BINARY, "register", "--name", "anomaly", "--path", "scoring/model_bundle.pkl", "--registry", registry]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def replaced(server, registry):
    """A second version takes over, so that what is counted then is there."""
    register(registry)
    until(lambda: b'version="2"' in server.request("GET", "/metrics")[2], lambda: "version 2 does not take over")


def scraped(checks, folder):
    registry = os.path.join(folder, "registry")
    register(registry)
    server = Server("anomaly@latest", "--registry", registry, "--follow", "--follow-interval-ms", "100")
    try:
        exercise(server)
        checks.run("a version takes over", replaced, server, registry)
        checks.run("metrics that rules and dashboard name", names_exist, server)
        checks.run("promtool check metrics", exposition, server, folder)
        with open(os.path.join(folder, "prometheus.yml"), "w") as f:
            json.dump(configuration(server), f)
        with prometheus(folder) as ask:
            samples = lambda expr: [float(r["value"][1]) for r in ask("query", query=expr)["result"]]
            # Rates need two samples between which something happened.
            until(lambda: samples('count_over_time(up{job="scorelet"}[1m])') >= [2.0], lambda: f"nothing is scraped: {ask('targets')}")
            exercise(server)
            until(lambda: samples("namespace_job:scorelet_scores:rate5m") > [0.0], lambda: f"no rate: {ask('rules')}")
            for title, expr in dashboard():
                if title != SELDOM:
                    checks.run(f"dashboard: {title}", answered, ask, title, expr)
            for rule in (r for r in rules() if "record" in r):
                checks.run(rule["record"], answered, ask, rule["record"], rule["record"])
            checks.run("nothing fires", quiet, ask)
            server.stop()
            checks.run("a server that is gone is noticed", noticed, ask)
    finally:
        server.stop()


def state(ask):
    return {a["labels"]["alertname"]: a["state"] for a in ask("alerts")["alerts"]}


def quiet(ask):
    """The one refused request in forty is no more than a pending matter."""
    groups = ask("rules")["groups"]
    faulty = [r["name"] for g in groups for r in g["rules"] if r["health"] != "ok"]
    assert len(groups) == 2 and not faulty, f"rules that cannot be evaluated: {faulty}"
    assert "firing" not in state(ask).values(), state(ask)


def noticed(ask):
    until(lambda: "ScoreletDown" in state(ask), lambda: f"no alert: {state(ask)}")


def check(checks):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "rules.yml"), "w") as f:
            json.dump(manifest("PrometheusRule")["spec"], f)
        shutil.copy(os.path.join(ROOT, "tests", "k8s", "alerts_test.yml"), folder)
        checks.run("promtool check rules", promtool, folder, "check", "rules", "rules.yml")
        checks.run("promtool test rules", promtool, folder, "test", "rules", "alerts_test.yml")
        checks.run("every alert is tested", alerts_are_tested)
        checks.run("a real Prometheus", scraped, checks, folder)
