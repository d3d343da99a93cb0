#!/usr/bin/env python3
"""k8s/: what kubectl makes of it is valid, hangs together, and is true of the built binary.

Every path, variable and metric that a manifest names is looked for in a running server; a real Prometheus scrapes it and
evaluates the rules; a real Envoy splits traffic by the weights of the HTTPRoute. docker/test.sh runs the Deployment itself.
"""
import copy, re, subprocess

import alerts, gateway
from harness import BINARY, Checks, Server
from manifests import KSERVE, Invalid, containers, kserve, pods, rendered, validate

MODEL = "scoring/model_bundle.pkl"


def manifests(kind=None):
    """(folder, manifest) of all that is rendered, or of one kind."""
    return [(folder, m) for folder, found in rendered().items() for m in found if kind in (None, m["kind"])]


def templates():
    """(folder, name, pod spec) of each workload."""
    return [(folder, f"{m['kind']} {m['metadata']['name']}", spec) for folder, m in manifests() for spec in pods(m)]


def valid(folder):
    for manifest in rendered()[folder]:
        try:
            validate(manifest)
        except Invalid as e:
            raise AssertionError(f"{folder}: {manifest['kind']} {manifest['metadata']['name']}: {e}") from None
        except LookupError:
            assert manifest["kind"] in KSERVE, manifest["kind"]


# Where a misspelt field, or a value of a wrong type, has to be found: kind, path, what goes there.
FAULTS = [
    ("Deployment", "spec.strategy.rollingUpdate.maxUnavailible", 0),
    ("Deployment", "spec.template.spec.containers.0.ports.0.containerPort", "http"),
    ("Deployment", "spec.template.spec.containers.0.readinessProbe.httpGet.pth", "/"),
    ("Service", "spec.ports.0.prot", 80),
    ("HorizontalPodAutoscaler", "spec.minReplicas", "two"),
    ("PodDisruptionBudget", "spec.maxUnavailabel", 1),
    ("NetworkPolicy", "spec.ingres", []),
    ("CronJob", "spec.jobTemplate.spec.podFailurePolicy.rules.0.onExitCode", {}),
    ("HTTPRoute", "spec.rules.2.backendRefs.0.weight", "90"),
    ("HTTPRoute", "spec.hostname", ["a"]),
    ("ServiceMonitor", "spec.endpoints.0.intervall", "15s"),
    ("PrometheusRule", "spec.groups.0.rules.0.exprr", "1"),
    ("InferenceService", "spec.predictor.canaryTraffic", 10),
    ("InferenceService", "spec.predictor.minReplicas", "two"),
    ("ServingRuntime", "spec.containers.0.port", []),
]


def refused(kind, path, value):
    """The schemas would say so if something were wrong: otherwise `valid` shows nothing."""
    manifest = copy.deepcopy(manifests(kind)[0][1])
    *way, last = path.split(".")
    place = manifest
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[int(last) if last.isdigit() else last] = value
    try:
        validate(manifest)
    except Invalid:
        return
    raise AssertionError(f"{kind} with {path} = {value!r} passes")


def restricted(folder, name, spec):
    """Kubernetes' pod security standard of that name, and more: a root that cannot be written, limits, no token."""
    for c in containers(spec):
        own, place = spec.get("securityContext", {}) | c["securityContext"], f"{folder}: {name}: {c['name']}"
        assert own["runAsNonRoot"] is True and own["runAsUser"] > 0 and own["runAsGroup"] > 0, place
        assert own["seccompProfile"]["type"] == "RuntimeDefault" and own["capabilities"] == {"drop": ["ALL"]}, place
        assert own["allowPrivilegeEscalation"] is False and own["readOnlyRootFilesystem"] is True, place
        assert {"cpu", "memory"} <= set(c["resources"]["limits"]), place
        assert {"cpu", "memory"} <= set(c["resources"]["requests"]), place
        assert "privileged" not in own and all("hostPort" not in p for p in c.get("ports", [])), place
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec), name
    kinds = {"configMap", "emptyDir", "image", "persistentVolumeClaim", "projected", "secret"}
    assert all(set(v) - {"name"} <= kinds for v in spec.get("volumes", [])), name
    if name.split()[0] != "ServingRuntime":
        assert spec["automountServiceAccountToken"] is False, name


def matches(selector, labels):
    return selector.items() <= labels.items()


class Whole:
    """The manifests of one folder: what one names is in another. A method for each kind that names something."""

    def __init__(self, folder):
        self.folder, self.all = folder, rendered()[folder]
        self.named = {(m["kind"], m["metadata"]["name"]): m for m in self.all}

    def check(self):
        for manifest in self.all:
            getattr(self, manifest["kind"], lambda _: None)(manifest)
            for spec in pods(manifest) if manifest["kind"] != "ServingRuntime" else []:
                self.pod(spec)

    def pod(self, spec):
        assert ("ServiceAccount", spec["serviceAccountName"]) in self.named, spec["serviceAccountName"]
        sources = [e["configMapRef"]["name"] for c in containers(spec) for e in c.get("envFrom", [])]
        sources += [v["configMap"]["name"] for v in spec.get("volumes", []) if "configMap" in v]
        missing = [name for name in sources if ("ConfigMap", name) not in self.named]
        assert not missing, f"no ConfigMap {missing}"
        mounted = {v["name"] for c in containers(spec) for v in c.get("volumeMounts", [])}
        assert mounted == {v["name"] for v in spec.get("volumes", [])}, f"mounted is {mounted}"

    def ports(self, selector):
        """Names of the ports of the one workload that a selector chooses."""
        specs = [m["spec"]["template"] for m in self.all if m["kind"] == "Deployment"]
        specs += [m["spec"]["jobTemplate"]["spec"]["template"] for m in self.all if m["kind"] == "CronJob"]
        found = [t["spec"] for t in specs if matches(selector, t["metadata"]["labels"])]
        assert len(found) == 1, f"{selector} chooses {len(found)} workloads"
        return {p["name"] for c in found[0]["containers"] for p in c.get("ports", [])}

    def Service(self, m):
        assert {p["targetPort"] for p in m["spec"]["ports"]} <= self.ports(m["spec"]["selector"])

    def PodDisruptionBudget(self, m):
        self.ports(m["spec"]["selector"]["matchLabels"])

    def NetworkPolicy(self, m):
        asked = {port["port"] for rule in m["spec"]["ingress"] for port in rule["ports"]}
        assert asked <= self.ports(m["spec"]["podSelector"]["matchLabels"]), asked

    def HorizontalPodAutoscaler(self, m):
        target = m["spec"]["scaleTargetRef"]
        assert "replicas" not in self.named[target["kind"], target["name"]]["spec"], "its target says how many, too"

    def ServiceMonitor(self, m):
        selector = m["spec"]["selector"]["matchLabels"]
        services = [s for s in self.all if s["kind"] == "Service" and matches(selector, s["metadata"]["labels"])]
        assert services, f"{selector} chooses no Service"
        for service in services:
            assert {e["port"] for e in m["spec"]["endpoints"]} <= {p["name"] for p in service["spec"]["ports"]}, service

    def HTTPRoute(self, m):
        rules = m["spec"]["rules"]
        refs = [ref for rule in rules for ref in rule["backendRefs"]]
        refs += [f["requestMirror"]["backendRef"] for rule in rules for f in rule.get("filters", [])]
        for ref in refs:
            assert ref["port"] in {p["port"] for p in self.named["Service", ref["name"]]["spec"]["ports"]}, ref


def settings(folder, container):
    """A container's own variables and those of its config map."""
    maps = {m["metadata"]["name"]: m["data"] for m in rendered()[folder] if m["kind"] == "ConfigMap"}
    found = {}
    for source in container.get("envFrom", []):
        found |= maps[source["configMapRef"]["name"]]
    return found | {e["name"]: e.get("value", "") for e in container.get("env", [])}


def understood(folder, container):
    """The variables are the binary's, for the subcommand that the container runs."""
    words = [a for a in container.get("args", ["serve"]) if re.fullmatch("[a-z]+", a)]
    command = words[:2] if words[0] == "registry" else words[:1]
    told = subprocess.run([BINARY, *command, "--help"], capture_output=True, text=True)
    assert told.returncode == 0, f"{folder}: scorelet {' '.join(command)}: {told.stderr}"
    known = set(re.findall(r"\[env: (SCORELET_\w+)", told.stdout))
    set_here = {n for n in settings(folder, container) if n.startswith("SCORELET_")}
    flags = {a.split("=")[0] for a in container.get("args", []) if a.startswith("--")}
    assert set_here <= known, f"{folder}: {command} knows no {set_here - known}"
    assert flags <= set(re.findall(r"--[a-z][a-z-]+", told.stdout)), f"{folder}: {command} knows not all of {flags}"


def probed(folder, spec):
    """The server starts with the container's variables, and each probe gets 200; what the pod waits is longer than it."""
    for c in spec["containers"]:
        probes = [c[p]["httpGet"] for p in ("startupProbe", "livenessProbe", "readinessProbe") if p in c]
        if not probes:
            continue
        env = settings(folder, c)
        longest = (int(env["SCORELET_SHUTDOWN_DELAY_MS"]) + int(env["SCORELET_SHUTDOWN_GRACE_MS"])) / 1000
        assert longest < spec.get("terminationGracePeriodSeconds", 30), f"{folder}: {longest} s"
        ports = {p.get("name"): p["containerPort"] for p in c["ports"]}
        assert all(ports.get(p["port"], p["port"]) == int(env.get("SCORELET_PORT", 5001)) for p in probes), folder
        # The program ends at once here; no node has to hear of it.
        with Server(MODEL, env={k: v for k, v in env.items() if k not in ("SCORELET_MODEL", "SCORELET_PORT")} | {"SCORELET_SHUTDOWN_DELAY_MS": "0"}) as server:
            for path in {p["path"] for p in probes}:
                assert server.request("GET", path)[0] == 200, f"{folder}: {path}"


def main():
    checks = Checks()
    for folder in rendered():
        checks.run(f"{folder} is valid", valid, folder)
        checks.run(f"{folder} hangs together", Whole(folder).check)
    for kind, path, value in FAULTS:
        try:
            kind in KSERVE and kserve()
        except LookupError as e:
            checks.skip(f"{kind} {path}", str(e))
            continue
        checks.run(f"{kind} {path}", refused, kind, path, value)
    for folder, name, spec in templates():
        checks.run(f"{folder} {name} is restricted", restricted, folder, name, spec)
        for container in containers(spec):
            checks.run(f"{folder} {name} {container['name']} is understood", understood, folder, container)
        checks.run(f"{folder} {name} is probed", probed, folder, spec)
    alerts.check(checks)
    gateway.check(checks)
    checks.finish()


main()
