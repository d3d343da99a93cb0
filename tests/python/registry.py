#!/usr/bin/env python3
"""Registries outside of a folder, and signatures against the tool that defined them.

The built binary works on Microsoft's emulator of Blob Storage: many writers at once, retries, damage, promotion to and
from a folder, a server that follows an alias. A small server stands in for S3. OpenSSF's `model_signing` checks what was
signed here, and signs what is checked here. Every port is the system's choice; what is started here is stopped here.
"""
import concurrent.futures, http.server, json, os, shutil, subprocess, tempfile, threading, time, urllib.parse

from azurite import ACCOUNT, KEY, Bucket, Container, emulator, run
from harness import ROOT, Checks, Server

MODEL_SIGNING = os.path.join(ROOT, ".venv-signing", "bin", "model_signing")
MODEL = os.path.join(ROOT, "tests", "fixtures", "corpus", "1.9.1", "bundle_extra_keys.p4.pkl")
OTHER = os.path.join(ROOT, "tests", "fixtures", "corpus", "1.9.1", "bundle_integers.p4.pkl")
WRITERS = 16
PATIENCE_SECONDS = 60


class Registry:
    """The program on one registry, with the variables of one environment."""

    def __init__(self, url, environment={}):
        self.url, self.environment = url, environment

    def run(self, *arguments):
        return run(self.environment | {"SCORELET_REGISTRY": self.url}, *arguments)

    def says(self, *arguments):
        status, out, err = self.run(*arguments)
        assert status == 0 and KEY not in out + err, f"{arguments}: exit {status}: {err}"
        return out

    def json(self, *arguments):
        return json.loads(self.says(*arguments, "--json"))

    def refuses(self, code, expected, *arguments):
        status, out, err = self.run(*arguments)
        assert status == code and expected in err and KEY not in err and not out, f"{arguments}: exit {status}: {expected!r} not in {err}"
        assert len([line for line in err.splitlines() if not line.startswith("listening")]) <= 3, err

    def register(self, name="iris", path=MODEL, *more):
        return int(self.says("register", "--name", name, "--path", path, *more))

    def clean(self):
        found = self.json("registry", "verify")
        assert found["findings"] == [], found
        return found


def together(function, times=WRITERS):
    """What the function gives when it is called that often at once."""
    with concurrent.futures.ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(function) for _ in range(times)]]


def races(registry):
    versions = together(registry.register)
    assert sorted(versions) == list(range(1, WRITERS + 1)), versions
    retried = together(lambda: registry.register("iris", MODEL, "--idempotency-key", "build-17"))
    assert set(retried) == {WRITERS + 1}, retried
    registry.refuses(1, "which has other content", "register", "--name", "iris", "--path", OTHER, "--idempotency-key", "build-17")
    together(lambda: registry.says("registry", "alias", "iris", "champion", "3"))
    events = registry.json("registry", "show", "iris")["events"]
    assert [(event["version"], event["from"]) for event in events] == [(3, None)], events
    assert registry.clean()["versions"] == WRITERS + 1


def life(registry, folder):
    """Through an object store as through a folder, and from one to the other."""
    large = os.path.join(folder, "large.bin")
    with open(large, "wb") as f:
        f.write(os.urandom(20_000_000))  # several parts of an upload, and several blocks of a download
    version = registry.register("wine", OTHER, "--with", large)
    out = os.path.join(folder, "pulled")
    registry.says("registry", "pull", f"wine@{version}", "--output", out)
    same = lambda a, b: open(a, "rb").read() == open(b, "rb").read()
    assert same(os.path.join(out, "large.bin"), large) and same(os.path.join(out, os.path.basename(OTHER)), OTHER)
    assert registry.json("inspect", f"wine@{version}")["servable"]
    local = Registry(os.path.join(folder, "local"), registry.environment)
    said = registry.json("registry", "promote", "wine@1", "--to", local.url, "--override", "test")
    assert (said["version"], said["digest"]) == (1, registry.json("registry", "show", "wine@1")["record"]["digest"])
    assert local.json("registry", "show", "wine@champion")["record"]["promoted_from"]["registry"] == registry.url
    local.register("wine", MODEL)
    said = local.json("registry", "promote", "wine@2", "--to", registry.url, "--override", "test")
    assert said["version"] == 2 and registry.json("registry", "list")["models"][-1]["aliases"] == {"champion": 2}
    registry.says("registry", "archive", "wine@1")
    registry.refuses(1, "has no alias wine@champon\n  did you mean champion?", "registry", "show", "wine@champon")
    registry.refuses(3, "has no version wine@9", "inspect", "wine@9")
    registry.clean(), local.clean()


def damage(registry, container, prefix):
    """What was put there by somebody else is not used, and found."""
    version = registry.register("damaged", OTHER)
    blob = registry.json("registry", "show", "damaged")["record"]["files"][0]["sha256"]
    key = f"{prefix}blobs/sha256/{blob[:2]}/{blob}"
    content = open(OTHER, "rb").read()
    container.put(key, content[:-1] + b"x")
    registry.refuses(3, "its content is not what its name says", "inspect", f"damaged@{version}")
    status, out, _ = registry.run("registry", "verify", "damaged")
    assert status == 1 and "its content is not what its name says" in out, out
    container.put(key, content)
    container.put(f"{prefix}blobs/sha256/00/{'0' * 64}", b"nobody's")
    assert registry.clean()["orphans"] == 1
    assert registry.json("registry", "gc")["spared"] == 1
    assert registry.json("registry", "gc", "--older-than", "0s")["removed"] == [f"blobs/sha256/00/{'0' * 64}"]
    record = f"{prefix}models/damaged/versions/{version:010}.json"
    container.put(record, b'{"format": 1, "name": "damaged"}')
    registry.refuses(3, "missing field", "inspect", f"damaged@{version}")
    registry.refuses(1, "is damaged", "registry", "gc", "--older-than", "0s")


def follows(registry):
    """An alias that moves in the store moves the server."""
    registry.register("followed", MODEL), registry.register("followed", MODEL)
    registry.says("registry", "alias", "followed", "champion", "1")
    row = {"sepal length (cm)": 5, "sepal width (cm)": 3, "petal length (cm)": 1, "petal width (cm)": 0}
    environment = registry.environment | {"SCORELET_REGISTRY": registry.url}
    with Server("followed@champion", "--follow", "--follow-interval-ms", "50", env=environment) as server:
        version = lambda: server.score({"input_data": [row]})[1]["model_version"]
        assert version() == "1"
        for wanted in ("2", "1", "2"):
            registry.says("registry", "alias", "followed", "champion", wanted)
            end = time.monotonic() + PATIENCE_SECONDS
            while version() != wanted:
                assert time.monotonic() < end, f"version {wanted} does not take over: {''.join(server.said)}"


def blob_storage(checks, folder):
    with emulator() as address:
        container = Container(address, "models")
        key = {"AZURITE_BLOB_STORAGE_URL": address, "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT, "AZURE_STORAGE_ACCOUNT_KEY": KEY}
        registry = Registry("az://models/team/a", key)
        checks.run("azure: nothing there", registry.refuses, 1, "az://models/team/a: there is no registry here", "registry", "list")
        checks.run("azure: races", races, registry)
        checks.run("azure: life", life, registry, folder)
        checks.run("azure: follow", follows, registry)
        for url in ("abfss://models@devstoreaccount1.dfs.core.windows.net/team/a", "az://models/team/a/",
                    f"https://{ACCOUNT}.blob.core.windows.net/models/team/a", f"{address}/{ACCOUNT}/models/team/a"):
            checks.run(f"azure: {url}", lambda url: Registry(url, key).says("registry", "show", "iris@1"), url)
        checks.run("azure: the container itself", lambda: Registry("az://models", key).register())
        checks.run("azure: damage", damage, registry, container, "team/a/")
        wrong = Registry("az://models/team/a", key | {"AZURE_STORAGE_ACCOUNT_KEY": "d3Jvbmc="})
        for arguments in (("registry", "list"), ("register", "--name", "iris", "--path", MODEL)):
            checks.run(f"azure: a wrong key, {arguments[0]}", wrong.refuses, 1, "access denied (403 Forbidden) with the account key", *arguments)
        checks.run("azure: a wrong key, serve", wrong.refuses, 3, "access denied (403 Forbidden)", "serve", "iris@1", "--port", "0")
        gone = Registry("az://nothing/here", key)
        checks.run("azure: no container", gone.refuses, 1, "no such container", "register", "--name", "iris", "--path", MODEL)
        secret = Registry("az://models/team/a?sig=s3cret", key)
        checks.run("azure: a secret in the URL", secret.refuses, 2, "must not hold a token", "registry", "list")


class Writable(Bucket):
    """As much of S3 as a registry asks for: the parent reads, this writes, also where nothing may be yet."""

    OBJECTS, LOCK = {}, threading.Lock()

    def key(self):
        return urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).removeprefix("/bucket").lstrip("/")

    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        if query.get("delimiter") != "/":
            return super().do_GET()
        prefix = query.get("prefix", "")
        folders = sorted({name[len(prefix):].split("/")[0] for name in self.OBJECTS if name.startswith(prefix) and "/" in name[len(prefix):]})
        found = "".join(f"<CommonPrefixes><Prefix>{prefix}{name}/</Prefix></CommonPrefixes>" for name in folders)
        self.answer(200, f"<ListBucketResult>{found}<IsTruncated>false</IsTruncated></ListBucketResult>".encode())

    def do_PUT(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        with self.LOCK:
            if self.headers.get("If-None-Match") == "*" and self.key() in self.OBJECTS:
                return self.answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
            self.OBJECTS[self.key()] = content
        self.answer(200, b"")


def s3(checks):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Writable)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    registry = Registry("s3://bucket/models", {"AWS_ENDPOINT_URL": address, "AWS_ALLOW_HTTP": "true", "AWS_ACCESS_KEY_ID": Bucket.KEY,
                                               "AWS_SECRET_ACCESS_KEY": "aws-s3cret", "AWS_REGION": "eu-west-1"})
    checks.run("s3: races", races, registry)
    server.shutdown()


def signatures(checks, folder):
    path = lambda *names: os.path.join(folder, *names)
    openssl = lambda *arguments: subprocess.run(["openssl", *arguments], check=True, capture_output=True)
    # Three forms in which openssl writes such a key.
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path("key.pem"))
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-out", path("parameters.pem"))
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path("pkcs8.pem"))
    for name in ("key", "parameters", "pkcs8"):
        openssl("pkey", "-in", path(name + ".pem"), "-pubout", "-out", path(name + ".pub"))
    tool = lambda *arguments: subprocess.run([MODEL_SIGNING, *arguments], capture_output=True, text=True)
    registry = Registry(path("signed"))
    # Names that sort one way by folders and another way by characters.
    candidate = path("candidate")
    for name in ("a/b.txt", "a/b/c.txt", "a.txt", "a-b.txt", "größe.txt", "a b.txt"):
        os.makedirs(os.path.dirname(path("candidate", name)), exist_ok=True)
        with open(path("candidate", name), "w") as f:
            f.write(name)
    shutil.copy(MODEL, path("candidate", "model.pkl"))

    def ours(name):
        version = registry.register("ours", candidate, "--sign-key", path(name + ".pem"))
        out = path(f"pulled-{name}")
        registry.says("registry", "pull", f"ours@{version}", "--output", out, "--require-signature", path(name + ".pub"))
        check = ("verify", "key", out, "--signature", os.path.join(out, "model.sig"), "--public_key", path(name + ".pub"))
        done = tool(*check)
        assert done.returncode == 0 and "succeeded" in done.stdout, done.stdout + done.stderr
        with open(os.path.join(out, "a.txt"), "a") as f:
            f.write("tampered")
        assert tool(*check).returncode != 0, "the tool does not see what was changed"
        with open(os.path.join(out, "a.txt"), "w") as f:
            f.write("a.txt")
        assert tool(*check).returncode == 0
        other = tool(*check[:-1], path("pkcs8.pub" if name == "key" else "key.pub"))
        assert other.returncode != 0, "the tool takes any key"

    def theirs():
        signed = shutil.copytree(candidate, path("theirs"))
        done = tool("sign", "key", signed, "--private_key", path("key.pem"), "--signature", os.path.join(signed, "model.sig"))
        assert done.returncode == 0, done.stdout + done.stderr
        version = registry.register("theirs", signed)
        assert registry.json("inspect", f"theirs@{version}", "--require-signature", path("key.pub"))["servable"]
        registry.refuses(3, "it was made with another key", "inspect", f"theirs@{version}", "--require-signature", path("pkcs8.pub"))
        with open(os.path.join(signed, "a.txt"), "a") as f:
            f.write("tampered")
        registry.refuses(1, "a.txt is not the file that was signed", "register", "--name", "theirs", "--path", signed)

    def single():
        done = tool("sign", "key", MODEL, "--private_key", path("key.pem"), "--signature", path("one.sig"))
        assert done.returncode == 0, done.stdout + done.stderr
        version = registry.register("single", MODEL, "--signature", path("one.sig"))
        registry.says("inspect", f"single@{version}", "--require-signature", path("key.pub"))
        registry.refuses(1, "is not the file that was signed", "register", "--name", "single", "--path", OTHER, "--signature", path("one.sig"))

    def partial():
        signed = shutil.copytree(candidate, path("partial"))
        done = tool("sign", "key", signed, "--private_key", path("key.pem"), "--signature", os.path.join(signed, "model.sig"),
                    "--ignore-paths", os.path.join(signed, "a.txt"))
        assert done.returncode == 0, done.stdout + done.stderr
        registry.refuses(1, "it does not cover a.txt", "register", "--name", "partial", "--path", signed)

    for name in ("key", "parameters", "pkcs8"):
        checks.run(f"signed here, {name}", ours, name)
    checks.run("signed there", theirs)
    checks.run("signed there, a single file", single)
    checks.run("signed there, not all of it", partial)


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        signatures(checks, folder)
        s3(checks)
        blob_storage(checks, folder)
    checks.finish()


if __name__ == "__main__":
    main()
