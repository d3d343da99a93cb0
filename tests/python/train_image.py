#!/usr/bin/env python3
"""The image that trains, run by podman as a cluster would run it: tests/python/train_image.py IMAGE

What a binary alone on an empty root may lack is what is tried: names of hosts, whom TLS trusts, a folder to write to. The
stores are Microsoft's emulator, over HTTP and over HTTPS with an authority of our own.
"""
import contextlib, io, json, os, random, re, socket, ssl, subprocess, sys, tempfile, threading, time, urllib.request

import pandas

import kustomize
from azurite import ACCOUNT, KEY, Container, certificate, emulator
from harness import Checks

IMAGE = sys.argv[1]
START_SECONDS = 60
STRICT = ["--network", "host", "--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges", "--memory", "256m", "--pids-limit", "64"]


def table(rows=400):
    """Two columns of noise, from a fixed seed, with an outlier in each hundred rows."""
    noise = random.Random(0)
    far = lambda row: 50 * (row % 100 == 0)
    return "a,b\n" + "".join(f"{noise.gauss(0, 1) + far(row):.6f},{noise.gauss(5, 2):.6f}\n" for row in range(rows))


def podman(mounts, environment, *flags):
    """The command of a container, up to its image."""
    command = ["podman", "run", *flags, *STRICT]
    for source, place in mounts.items():
        command += ["-v", f"{source}:{place}"]
    for name, value in environment.items():
        command += ["-e", f"{name}={value}"]
    return command


def run(mounts, environment, *arguments):
    """(exit code, what it wrote) of one container."""
    done = subprocess.run([*podman(mounts, environment, "--rm"), IMAGE, *arguments], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def trains(folder, name, environment, mounts={}):
    """A model from the store; a second container of the same image reads it."""
    code, said = run({folder: "/out", **mounts}, environment, "train", "--data", "az://data/table.csv", "--estimator", "isolation-forest",
                     "--output-path", f"/out/{name}.bundle")
    assert code == 0 and KEY not in said, f"exit {code}: {said}"
    code, said = run({f"{folder}/{name}.bundle": "/model.bundle:ro"}, {}, "inspect", "/model.bundle")
    assert code == 0 and "IsolationForest" in said, f"exit {code}: {said}"


def refuses(folder, environment, *said):
    code, told = run({folder: "/out"}, environment, "train", "--data", "az://data/table.csv", "--estimator", "isolation-forest",
                     "--output-path", "/out/no.bundle")
    assert code == 1 and all(word in told for word in said) and not os.path.exists(f"{folder}/no.bundle"), f"exit {code}: {told}"


@contextlib.contextmanager
def nameserver():
    """The address of a name server that knows one name. resolv.conf has no ports, so it takes an address of loopback of its own."""
    server, address = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), f"127.{random.randrange(1, 255)}.{random.randrange(255)}.53"
    server.bind((address, 53))
    asked = []

    def answer():
        with contextlib.suppress(OSError):
            while True:
                query, client = server.recvfrom(512)
                end = query.index(b"\0", 12) + 5
                question = query[12:end]
                asked.append(question[:-5])
                # A: 127.0.0.1. Anything else: the name is there, without such a record.
                record = b"\xc0\x0c" + question[-4:] + b"\0\0\0\x3c\0\x04\x7f\0\0\x01" if question[-4:-2] == b"\0\x01" else b""
                count = len(record) and 1
                server.sendto(query[:2] + b"\x81\x80\0\x01" + bytes([0, count]) + b"\0\0\0\0" + question + record, client)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield address, asked
    finally:
        server.close()


def resolves(folder, environment):
    """The name of the store is asked of the server that resolv.conf names."""
    with nameserver() as (address, asked):
        with open(f"{folder}/resolv.conf", "w") as f:
            f.write(f"nameserver {address}\n")
        named = {**environment, "AZURITE_BLOB_STORAGE_URL": environment["AZURITE_BLOB_STORAGE_URL"].replace("127.0.0.1", "store.test")}
        trains(folder, "named", named, {f"{folder}/resolv.conf": "/etc/resolv.conf:ro"})
        assert b"\x05store\x04test" in asked, asked


class Pod:
    """A pod template of k8s/ as podman runs it: one container after the other, each volume a folder."""

    def __init__(self, part, kind, folder):
        manifests = kustomize.part(part)
        (owner,) = [m["spec"] for m in manifests if m["kind"] == kind]
        self.maps = {m["metadata"]["name"]: m["data"] for m in manifests if m["kind"] == "ConfigMap"}
        self.spec, self.folders = owner.get("jobTemplate", {"spec": owner})["spec"]["template"]["spec"], {}
        writable(folder)
        for volume in self.spec["volumes"]:
            self.folders[volume["name"]] = path = os.path.join(folder, volume["name"])
            writable(path)
            for name, content in self.maps.get(volume.get("configMap", {}).get("name"), {}).items():
                with open(os.path.join(path, name), "w") as f:
                    f.write(content)

    def container(self, container, environment):
        """(mounts, variables, arguments), with what stands for variables in the arguments."""
        mounts = {self.folders[m["name"]]: m["mountPath"] + (":ro" if m.get("readOnly") else "") for m in container["volumeMounts"]}
        variables = {}
        for source in container.get("envFrom", []):
            variables |= self.maps[source["configMapRef"]["name"]]
        variables |= {e["name"]: e.get("value", "the-uid-of-the-job") for e in container.get("env", [])} | environment
        arguments = [re.sub(r"\$\((\w+)\)", lambda m: variables[m[1]], a) for a in container.get("args", [])]
        return mounts, variables, arguments

    def runs(self, container, environment):
        mounts, variables, arguments = self.container(container, environment)
        code, said = run(mounts, variables, *arguments)
        assert code == 0, f"{container['name']}: exit {code}: {said}"
        return said


def writable(folder):
    os.mkdir(folder)
    os.chown(folder, 65532, 65532)


def delivered(folder, environment):
    """The Job of k8s/train fits and registers; the Deployment serves what it registered, and knows the version."""
    job = Pod("train", "CronJob", os.path.join(folder, "job"))
    for container in job.spec["initContainers"]:
        job.runs(container, environment)
    (register,) = job.spec["containers"]
    for _ in range(2):
        assert re.search(r"^1$", job.runs(register, environment), re.M), "not version 1, or not again"
    pod = Pod("overlays/production", "Deployment", os.path.join(folder, "pod"))
    mounts, variables, arguments = pod.container(pod.spec["containers"][0], environment)
    with served(mounts, variables | {"SCORELET_SHUTDOWN_DELAY_MS": "0"}, *arguments) as ask:
        reply = json.loads(ask("/score", b'{"input_data": [{"a": 50, "b": 5}, {"a": 0, "b": 5}]}'))
        assert reply == {"predictions": [-1, 1], "model_version": "1"}, reply
        assert b'name="anomaly"' in ask("/metrics"), ask("/metrics")


def pulled(folder, environment):
    """The other way to serve it: a container pulls it before the server starts."""
    pod = Pod("components/registry-pull", "Deployment", os.path.join(folder, "pulled"))
    (pull,) = pod.spec["initContainers"]
    pod.runs(pull, environment)
    (models,) = [m["mountPath"] for m in pod.spec["containers"][0]["volumeMounts"]]
    code, said = run({pod.folders["models"]: f"{models}:ro"}, {}, "inspect", models)
    assert code == 0 and "200 trees" in said, f"exit {code}: {said}"


@contextlib.contextmanager
def served(mounts, environment, *arguments):
    """Asks a server of the image, which has to end with 0 when it is told to."""
    name = f"scorelet-train-image-{os.getpid()}"
    command = podman(mounts, environment | {"SCORELET_HOST": "127.0.0.1", "SCORELET_PORT": "0"}, "-d", "--name", name)
    podman_says = lambda *words: subprocess.run(["podman", *words, name], capture_output=True, text=True)
    subprocess.run([*command, IMAGE, *arguments], check=True, capture_output=True, text=True)
    try:
        end = time.monotonic() + START_SECONDS
        while '"message":"ready"' not in (log := podman_says("logs").stdout):
            running = podman_says("inspect", "-f", "{{.State.Running}}").stdout.strip()
            assert running == "true" and time.monotonic() < end, podman_says("logs")
            time.sleep(0.05)
        address = re.search(r'"addr":"([^"]+)"', log)[1]

        def ask(path, body=None):
            with urllib.request.urlopen(urllib.request.Request(f"http://{address}{path}", body), timeout=30) as answer:
                return answer.read()

        yield ask
        podman_says("stop", "-t", "20")
        assert podman_says("inspect", "-f", "{{.State.ExitCode}}").stdout.strip() == "0", podman_says("logs")
    finally:
        podman_says("rm", "-f", "-t", "0")


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        authority, cert, key = certificate(folder)
        out = os.path.join(folder, "out")
        writable(out)
        plain = stack.enter_context(emulator("--disableProductStyleUrl"))
        secure = stack.enter_context(emulator("--cert", cert, "--key", key))
        store, frame = Container(plain), io.BytesIO()
        Container(plain, "registry")
        pandas.read_csv(io.StringIO(table())).to_parquet(frame, index=False)
        store.put("table.csv", table().encode())
        store.put("transactions/2026-01.parquet", frame.getvalue())
        Container(secure, tls=ssl.create_default_context(cafile=authority)).put("table.csv", table().encode())
        by_http = {"AZURITE_BLOB_STORAGE_URL": plain, "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT, "AZURE_STORAGE_ACCOUNT_KEY": KEY}
        by_tls = {"AZURE_STORAGE_ENDPOINT": f"{secure}/{ACCOUNT}", "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT, "AZURE_STORAGE_ACCOUNT_KEY": KEY}
        checks.run("trains over HTTP", trains, out, "plain", by_http)
        checks.run("trains over TLS with an authority of its own", trains, out, "secure", by_tls | {"SSL_CERT_FILE": "/ca.pem"}, {authority: "/ca.pem:ro"})
        checks.run("does not trust everybody", refuses, out, by_tls, "https:")
        checks.run("a model goes from the Job to the Deployment", delivered, folder, by_http)
        checks.run("and into a folder", pulled, folder, by_http)
        checks.run("finds a host by its name", resolves, out, by_http)
    checks.finish()


main()
