"""k8s/blue-green: a real Envoy, configured from the HTTPRoute that is committed, in front of two real servers.

The translation knows what our routes use (exact headers, weights, mirrors) and refuses the rest, so that nothing passes unseen.
"""
import contextlib, http.client, json, os, re, subprocess, sys, tempfile, time, urllib.request

from harness import Server
from manifests import rendered

ENVOY = os.path.join(os.path.dirname(sys.executable), "envoy")
REQUESTS = 1000
START_SECONDS = 30


def clusters(rule):
    """Envoy's action for the backends of a rule."""
    assert set(rule) <= {"matches", "filters", "backendRefs"}, f"not translated: {rule}"
    weights = [{"name": ref["name"], "weight": ref.get("weight", 1)} for ref in rule["backendRefs"]]
    mirrors = [mirror(f) for f in rule.get("filters", [])]
    return {"weighted_clusters": {"clusters": weights}, **({"request_mirror_policies": mirrors} if mirrors else {})}


def mirror(rule):
    assert set(rule) == {"type", "requestMirror"} and set(rule["requestMirror"]) == {"backendRef", "percent"}, f"not translated: {rule}"
    share = {"default_value": {"numerator": rule["requestMirror"]["percent"], "denominator": "HUNDRED"}}
    return {"cluster": rule["requestMirror"]["backendRef"]["name"], "runtime_fraction": share}


def matched(rule):
    """Envoy's conditions: one set for each match of a rule."""
    for match in rule.get("matches", [{}]):
        assert set(match) <= {"headers"} and all(set(h) == {"name", "value"} for h in match.get("headers", [])), f"not translated: {match}"
        yield {"prefix": "/", "headers": [{"name": h["name"], "string_match": {"exact": h["value"]}} for h in match.get("headers", [])]}


def configuration(route, servers):
    """Envoy's static configuration: the route's rules in their order, one cluster for each service."""
    routes = [{"match": match, "route": clusters(rule)} for rule in route["spec"]["rules"] for match in matched(rule)]
    # The Gateway API prefers the rule with more headers; Envoy takes the first.
    routes.sort(key=lambda r: -len(r["match"]["headers"]))
    address = lambda port: {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    endpoint = lambda port: {"lb_endpoints": [{"endpoint": {"address": address(port)}}]}
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "http",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": route["spec"]["hostnames"], "routes": routes}]},
        "http_filters": [{"name": "router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],
    }
    return {
        "admin": {"address": address(0)},
        "static_resources": {
            "listeners": [{"name": "http", "address": address(0), "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}]}],
            "clusters": [{"name": name, "type": "STATIC", "connect_timeout": "2s", "load_assignment": {"cluster_name": name, "endpoints": [endpoint(port)]}}
                         for name, port in servers.items()],
        },
    }


@contextlib.contextmanager
def envoy(config):
    """The port of a running Envoy."""
    with tempfile.TemporaryDirectory() as folder:
        path = lambda name: os.path.join(folder, name)
        with open(path("envoy.json"), "w") as f:
            json.dump(config, f)
        with open(path("log"), "w") as log:
            process = subprocess.Popen([ENVOY, "-c", path("envoy.json"), "--concurrency", "1", "--disable-hot-restart", "--admin-address-path", path("admin"),
                                        "-l", "warning"], stdout=log, stderr=subprocess.STDOUT)
        try:
            end = time.monotonic() + START_SECONDS
            while not (port := listening(path("admin"))):
                with open(path("log")) as log:
                    assert process.poll() is None and time.monotonic() < end, f"Envoy does not start: {log.read()}"
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait()


def listening(file):
    """The port that the system gave the listener, which Envoy's own address tells; None before it is ready."""
    try:
        with open(file) as f:
            host, port = re.fullmatch(r"([\d.]+):(\d+)", f.read()).groups()
        asked = lambda path: urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=5)
        with asked("/ready"), asked("/listeners?format=json") as answer:
            statuses = json.load(answer).get("listener_statuses", [])
        return statuses[0]["local_address"]["socket_address"]["port_value"] if statuses else None
    except (AttributeError, OSError):
        return None


def scored(servers):
    """How many requests each has answered with 200."""
    count = lambda text: re.search(r'scorelet_requests_total\{route="/score",status="200"\} (\d+)', text)
    found = {name: count(server.request("GET", "/metrics")[2].decode()) for name, server in servers.items()}
    return {name: int(n[1]) if n else 0 for name, n in found.items()}


def ask(port, host, body, times, headers={}):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(times):
        connection.request("POST", "/score", body, {"Host": host, "Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        assert answer.status == 200, (answer.status, answer.read())
        answer.read()
    connection.close()


def split(route, servers, port, body):
    """Requests that name no deployment come in the shares of the weights, within five standard deviations."""
    weights = {ref["name"]: ref["weight"] for ref in route["spec"]["rules"][-1]["backendRefs"]}
    before = scored(servers)
    ask(port, route["spec"]["hostnames"][0], body, REQUESTS)
    got = {name: n - before[name] for name, n in scored(servers).items()}
    assert sum(got.values()) == REQUESTS, got
    for name, weight in weights.items():
        near(got[name], weight / sum(weights.values()))
    print(f"Envoy: {got} of weights {weights}")


def near(got, share):
    """A count of the requests is that share of them, but for chance."""
    room = 5 * (REQUESTS * share * (1 - share)) ** 0.5
    assert abs(got - REQUESTS * share) <= room, f"{got} of {REQUESTS} is not {share:.0%}"


def named(route, servers, port, body):
    """A request that names its deployment gets that one."""
    for name in servers:
        before = scored(servers)
        ask(port, route["spec"]["hostnames"][0], body, 50, {"azureml-model-deployment": name.removeprefix("scorelet-")})
        got = {n: count - before[n] for n, count in scored(servers).items()}
        assert got == {n: 50 if n == name else 0 for n in servers}, f"{name}: {got}"


def moved(route, servers, body):
    """All to green, as the end of a rollout, and back: what is set to 0 gets nothing."""
    for name in servers:
        changed = json.loads(json.dumps(route))
        for ref in changed["spec"]["rules"][-1]["backendRefs"]:
            ref["weight"] = 100 if ref["name"] == name else 0
        before = scored(servers)
        with envoy(configuration(changed, {n: s.port for n, s in servers.items()})) as port:
            ask(port, route["spec"]["hostnames"][0], body, 50)
        got = {n: count - before[n] for n, count in scored(servers).items()}
        assert got == {n: 50 if n == name else 0 for n in servers}, f"{name}: {got}"


def mirrored(servers, body):
    """All answers are blue's, while green scores a share that no client sees."""
    route = next(m for m in rendered()["mirror"] if m["kind"] == "HTTPRoute")
    percent = route["spec"]["rules"][-1]["filters"][0]["requestMirror"]["percent"]
    before = scored(servers)
    with envoy(configuration(route, {name: server.port for name, server in servers.items()})) as port:
        ask(port, route["spec"]["hostnames"][0], body, REQUESTS)
    got = {name: n - before[name] for name, n in scored(servers).items()}
    assert got["scorelet-blue"] == REQUESTS, got
    near(got["scorelet-green"], percent / 100)
    print(f"Envoy: {got} where {percent} % are mirrored")


def check(checks):
    checks.run("a real Envoy", routed, checks)


def routed(checks):
    route = next(m for m in rendered()["blue-green"] if m["kind"] == "HTTPRoute")
    with open("scoring/sample-request.json", "rb") as f:
        body = f.read()
    with Server("scoring/model_bundle.pkl") as blue, Server("scoring/model_bundle.pkl") as green:
        servers = {"scorelet-blue": blue, "scorelet-green": green}
        with envoy(configuration(route, {name: server.port for name, server in servers.items()})) as port:
            checks.run("Envoy splits by the weights", split, route, servers, port, body)
            checks.run("a named deployment gets its requests", named, route, servers, port, body)
        checks.run("traffic moves to one and back", moved, route, servers, body)
        checks.run("a share is mirrored", mirrored, servers, body)
