#!/usr/bin/env python3
"""Tables in Azure Blob Storage: the built binary against Microsoft's emulator, with every kind of credential.

Two emulators run, one that takes keys and signatures over HTTP, one that takes tokens over HTTPS. A small server of our
own stands in for what hands out tokens: the metadata service of a virtual machine, the token services of App Service and
of Azure Machine Learning, and Microsoft Entra ID. Every port is the system's choice; what is started here is stopped here.
"""
import base64, contextlib, datetime, hashlib, hmac, http.client, http.server, json, os, re, subprocess, sys, tempfile
import threading, time, urllib.parse

import tables
from harness import BINARY, ROOT, Checks

EMULATOR = os.path.join(ROOT, "tests", "azurite", "node_modules", ".bin", "azurite-blob")
TABLES = os.path.join(ROOT, "tests", "fixtures", "tables")
# The emulator's own account, the same everywhere.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
START_SECONDS = 120
FORBIDDEN = "access denied (403 Forbidden)"


@contextlib.contextmanager
def emulator(*flags):
    """The address of a running emulator that keeps everything in memory."""
    command = [EMULATOR, "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines, address = [], []

    def read():
        for line in process.stdout:
            lines.append(line)
            found = re.search(r"successfully listens on (\S+)", line)
            address.extend(found.groups() if found else ())

    threading.Thread(target=read, daemon=True).start()
    try:
        end = time.monotonic() + START_SECONDS
        while not address:
            assert process.poll() is None and time.monotonic() < end, f"the emulator does not start: {''.join(lines)}"
            time.sleep(0.05)
        yield address[0]
    finally:
        process.terminate()
        process.wait()


class Container:
    """Puts blobs into an emulator, signing as its documentation says; `tls` trusts its certificate."""

    def __init__(self, address, name="data", tls=None):
        self.url, self.name, self.tls = urllib.parse.urlsplit(address), name, tls
        self.put("", b"", {}, "restype=container")

    def put(self, key, content, headers={"x-ms-blob-type": "BlockBlob"}, query=""):
        path = f"/{ACCOUNT}/{self.name}" + (f"/{urllib.parse.quote(key)}" if key else "")
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
        headers = {**headers, "x-ms-date": now, "x-ms-version": "2023-11-03"}
        signed = "".join(f"{k}:{v}\n" for k, v in sorted(headers.items()))
        resource = f"/{ACCOUNT}{path}" + "".join("\n" + pair.replace("=", ":") for pair in query.split("&") if pair)
        length = str(len(content)) if content else ""
        to_sign = f"PUT\n\n\n{length}\n\n\n\n\n\n\n\n\n{signed}{resource}"
        headers["Authorization"] = f"SharedKey {ACCOUNT}:{sign(to_sign)}"
        kind = http.client.HTTPSConnection if self.url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self.url.hostname, self.url.port, timeout=60, **({"context": self.tls} if self.tls else {}))
        connection.request("PUT", path + (f"?{query}" if query else ""), content, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        assert answer.status == 201, f"PUT {path}: {answer.status} {text}"


def sign(text):
    return base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), hashlib.sha256)).decode()


def signature(permissions="rl", hours=1):
    """A shared access signature of the account for the next hours."""
    when = lambda h: (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=h)).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = {"sp": permissions, "ss": "b", "srt": "sco", "st": when(-24), "se": when(hours), "sip": "", "spr": "https,http", "sv": "2023-11-03", "ses": ""}
    fields["sig"] = sign("\n".join([ACCOUNT, *fields.values(), ""]))
    return urllib.parse.urlencode({k: v for k, v in fields.items() if v})


class Tokens(http.server.ThreadingHTTPServer):
    """Hands out tokens to those who ask as each service wants to be asked; notes who asked how."""

    SECRETS = {"app": "app-s3cret", "ml": "ml-s3cret", "client": "client-s3cret", "file": "federated-s3cret"}

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.refuse = [], False
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @staticmethod
    def token():
        """One that the emulator takes: it looks at claims, not at the signature."""
        part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
        now = int(time.time())
        claims = {"aud": "https://storage.azure.com", "iss": "https://sts.windows.net/00000000-0000-0000-0000-000000000000/",
                  "iat": now - 60, "nbf": now - 60, "exp": now + 3600}
        return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}.c2lnbmF0dXJl"


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query, secrets = dict(urllib.parse.parse_qsl(url.query)), Tokens.SECRETS
        of_storage = query.get("resource", "").rstrip("/") == "https://storage.azure.com"
        asked_right = {
            "/vm": self.headers.get("Metadata") == "true" and query.get("api-version") == "2019-08-01",
            "/app": self.headers.get("X-IDENTITY-HEADER") == secrets["app"] and query.get("api-version") == "2019-08-01",
            "/ml": self.headers.get("secret") == secrets["ml"] and query.get("api-version") == "2017-09-01",
        }.get(url.path)
        self.answer(url.path, of_storage and asked_right, query)

    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        by_secret = form.get("client_secret") == Tokens.SECRETS["client"]
        by_file = form.get("client_assertion", "").strip() == Tokens.SECRETS["file"]
        right = form.get("scope") == "https://storage.azure.com/.default" and form.get("client_id") == "client"
        self.answer("entra " + ("secret" if by_secret else "file"), right and self.path == "/tenant/oauth2/v2.0/token" and (by_secret or by_file), form)

    def answer(self, who, right, said):
        self.server.asked.append((who, said.get("client_id") or said.get("clientid")))
        token = {"access_token": Tokens.token(), "expires_on": str(int(time.time()) + 3600), "expires_in": 3600, "token_type": "Bearer"}
        status, body = (200, token) if right else (401, {"error": "invalid_client", "error_description": f"not {json.dumps(said)}"})
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def run(environment, *arguments):
    """(exit code, stdout, stderr) of the binary, with no other variables of Azure's than these."""
    clean = {k: v for k, v in os.environ.items() if not re.match("AZUR|AWS_|GOOGLE_|MSI_|IDENTITY_|SCORELET_|SSL_|DEFAULT_IDENTITY", k)}
    done = subprocess.run([BINARY, *arguments], env=clean | environment, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def schema(environment, *sources):
    """What `schema infer` says of a table: enough to tell whether it was read whole."""
    return run(environment, "schema", "infer", "--data", *sources)


def same(environment, sources, local):
    """The sources give the table that the local files give."""
    expected, found = schema({}, *local), schema(environment, *sources)
    assert expected[0] == 0 and found == expected, f"{sources}: {found} where {expected} was expected"


def refused(environment, sources, code, *expected, secrets=()):
    """An error with this exit code whose text holds all that is expected, in at most three lines, and no secret."""
    status, out, err = schema(environment, *sources)
    assert status == code and not out, f"{sources}: exit {status}: {err}"
    missing = [part for part in expected if part not in err]
    assert not missing and err.startswith("scorelet: ") and len(err.splitlines()) <= 3, f"{sources}: {missing} not in {err}"
    shown = [secret for secret in secrets if secret in err]
    assert not shown, f"{sources}: a secret in {err}"


def refuses(checks, name, *arguments, **more):
    checks.run(name, lambda: refused(*arguments, **more))


def by_key(checks, address, folder):
    """Everything that an account key reaches: all forms of URLs, folders, patterns, formats, and what is not there."""
    container, key = Container(address), {"AZURITE_BLOB_STORAGE_URL": address, "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT, "AZURE_STORAGE_ACCOUNT_KEY": KEY}
    for name in sorted(os.listdir(TABLES)):
        with open(os.path.join(TABLES, name), "rb") as f:
            container.put(f"tables/{name}", f.read())
    csv = open(os.path.join(TABLES, "table.csv"), "rb").read()
    rows = csv.splitlines(keepends=True)
    for part in range(3):
        container.put(f"parts/part-{part}.csv", rows[0] + b"".join(rows[1 + 40 * part:41 + 40 * part]))
    container.put("parts/_SUCCESS", b"")
    container.put("parts/deeper/other.csv", b"x\n1\n")
    container.put("a b/größe.csv", csv)
    table = os.path.join(TABLES, "table.csv")
    local = lambda name: [os.path.join(TABLES, name)]
    for url in ("az://data/tables/table.csv", "abfs://data/tables/table.csv", f"abfss://data@{ACCOUNT}.dfs.core.windows.net/tables/table.csv",
                f"https://{ACCOUNT}.blob.core.windows.net/data/tables/table.csv", f"{address}/{ACCOUNT}/data/tables/table.csv",
                "az://data/parts", "az://data/parts/", "az://data/parts/part-*.csv", "az://data/*/part-?.csv", "az://data/a b/größe.csv",
                f"https://{ACCOUNT}.blob.core.windows.net/data/a%20b/gr%C3%B6%C3%9Fe.csv"):
        checks.run(f"key: {url}", same, key, [url], [table])
    for name in ("crlf.csv", "table.csv.gz", "table.csv.zst", "table.jsonl", "snappy.parquet", "zstd-groups.parquet", "brotli-pages.parquet", "types.parquet"):
        checks.run(f"key: {name}", same, key, [f"az://data/tables/{name}"], local(name))
    checks.run("key: two sources", same, key, ["az://data/tables/table.csv", "az://data/tables/snappy.parquet"], [table, *local("snappy.parquet")])
    checks.run("the emulator's own key", same, {"AZURE_STORAGE_USE_EMULATOR": "true", "AZURITE_BLOB_STORAGE_URL": address}, ["az://data/parts"], [table])

    large = os.path.join(folder, "large.csv")
    with open(large, "w") as f:
        f.write("a,b,c\n" + "".join(f"{i},{i * 0.37:.6f},{i % 7}\n" for i in range(900_000)))
    container.put("large.csv", open(large, "rb").read())
    checks.run("more than one block", same, key, ["az://data/large.csv"], [large])

    refuses(checks, "no such blob", key, ["az://data/no.csv"], 1, "az://data/no.csv: there is no such blob or folder")
    refuses(checks, "no such container", key, ["az://nodata/a.csv"], 1, "az://nodata/a.csv: there is no such container")
    refuses(checks, "no match", key, ["az://data/no*.csv"], 1, "az://data/no*.csv matches no file")
    wrong = base64.b64encode(b"another key").decode()
    refuses(checks, "a wrong key", key | {"AZURE_STORAGE_ACCOUNT_KEY": wrong}, ["az://data/parts/*.csv"], 1,
               FORBIDDEN + " with the account key (AZURE_STORAGE_ACCOUNT_KEY)", "it is wrong or has expired", secrets=[wrong])
    refuses(checks, "a malformed key", key | {"AZURE_STORAGE_ACCOUNT_KEY": "not*base64"}, ["az://data/parts"], 1,
               "the account key (AZURE_STORAGE_ACCOUNT_KEY) is malformed", secrets=["not*base64"])
    refuses(checks, "nobody there", key | {"AZURITE_BLOB_STORAGE_URL": "http://127.0.0.1:9"}, ["az://data/parts"], 1, "az://data/parts: ", secrets=[KEY])


def by_signature(checks, address):
    environment = lambda sas: {"AZURITE_BLOB_STORAGE_URL": address, "AZURE_STORAGE_SAS_TOKEN": sas}
    sas, table = signature(), os.path.join(TABLES, "table.csv")
    url = "az://data/tables/table.csv"
    checks.run("signature", same, environment(sas), [url], [table])
    checks.run("signature with ?", same, environment("?" + sas), ["az://data/parts/*.csv"], [table])
    for what, sas in (("expired", signature(hours=-1)), ("for writing", signature("w")), ("forged", signature()[:-10] + "AAAAAAA%3D")):
        secret = sas.rsplit("sig=", 1)[1]
        refuses(checks, f"signature {what}", environment(sas), ["az://data/parts/*.csv"], 1, FORBIDDEN + " with the shared access signature",
                   secrets=[secret, urllib.parse.unquote(secret)])
    secret = signature()
    refuses(checks, "signature in a URL", environment(secret), [f"{url}?{secret}"], 2, url, "a URL must not hold a token", secrets=[secret, "sig="])


def by_identity(checks, address, authority, folder):
    """Tokens, from each that hands them out; `authority` is the file that the emulator's certificate is trusted by."""
    import ssl
    Container(address, tls=ssl.create_default_context(cafile=authority)).put("table.csv", open(os.path.join(TABLES, "table.csv"), "rb").read())
    tokens, table, url = Tokens(), os.path.join(TABLES, "table.csv"), "az://data/table.csv"
    base = {"AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT, "AZURE_STORAGE_ENDPOINT": f"{address}/{ACCOUNT}", "SSL_CERT_FILE": authority}
    file = os.path.join(folder, "federated")
    with open(file, "w") as f:
        f.write(Tokens.SECRETS["file"] + "\n")
    principal = {"AZURE_CLIENT_ID": "client", "AZURE_TENANT_ID": "tenant", "AZURE_AUTHORITY_HOST": tokens.address}
    ml = {"MSI_ENDPOINT": tokens.address + "/ml", "MSI_SECRET": Tokens.SECRETS["ml"]}
    app = {"IDENTITY_ENDPOINT": tokens.address + "/app", "IDENTITY_HEADER": Tokens.SECRETS["app"]}
    # What it is called, its variables, who is asked with which client, the variable to spoil.
    flows = [
        ("the managed identity of this machine", {"AZURE_MSI_ENDPOINT": tokens.address + "/vm"}, ("/vm", None), None),
        ("the managed identity of the app (IDENTITY_ENDPOINT)", app, ("/app", None), "IDENTITY_HEADER"),
        ("the managed identity of the app (IDENTITY_ENDPOINT)", app | {"AZURE_CLIENT_ID": "client"}, ("/app", "client"), None),
        ("the managed identity of Azure Machine Learning (MSI_ENDPOINT)", ml, ("/ml", None), "MSI_SECRET"),
        ("the managed identity of Azure Machine Learning (MSI_ENDPOINT)", ml | {"DEFAULT_IDENTITY_CLIENT_ID": "own"}, ("/ml", "own"), None),
        ("the workload identity (AZURE_FEDERATED_TOKEN_FILE)", principal | {"AZURE_FEDERATED_TOKEN_FILE": file}, ("entra file", "client"), "AZURE_TENANT_ID"),
        ("the client secret (AZURE_CLIENT_SECRET)", principal | {"AZURE_CLIENT_SECRET": Tokens.SECRETS["client"]}, ("entra secret", "client"), "AZURE_CLIENT_SECRET"),
    ]

    def asks(variables, expected):
        tokens.asked.clear()
        same(base | variables, [url], [table])
        assert tokens.asked == [expected], f"{tokens.asked} where {expected} alone was expected"

    for what, variables, expected, spoilt in flows:
        checks.run(f"{what}, {expected}", asks, variables, expected)
        if spoilt:
            wrong = base | variables | {spoilt: "wr0ng-one"}
            refuses(checks, f"{what}, refused", wrong, [url], 1, f"no token could be had for {what}: the service answers 401 Unauthorized",
                    secrets=["wr0ng-one", *Tokens.SECRETS.values()])
    refuses(checks, "half a principal", base | {"AZURE_CLIENT_SECRET": "s3cret"}, [url], 1,
               "AZURE_CLIENT_SECRET is set but AZURE_CLIENT_ID is not", secrets=["s3cret"])
    gone = base | {"AZURE_FEDERATED_TOKEN_FILE": file + ".gone"} | principal
    refuses(checks, "no federated token", gone, [url], 1, "no token could be had for the workload identity")
    refuses(checks, "a certificate that is not trusted", {k: v for k, v in (base | app).items() if k != "SSL_CERT_FILE"}, [url], 1, url)
    tokens.shutdown()


class Bucket(http.server.BaseHTTPRequestHandler):
    """As much of S3, and of Google's form of it, as reading asks for; takes those whose key it knows, and does not check
    what they sign."""

    OBJECTS, KEY = {}, "AKIAKNOWN"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query, key = dict(urllib.parse.parse_qsl(url.query)), urllib.parse.unquote(url.path).removeprefix("/bucket").lstrip("/")
        said = self.headers.get("Authorization", "")
        if said and self.KEY not in said:
            return self.answer(403, b"<Error><Code>InvalidAccessKeyId</Code></Error>")
        if not key:
            found = "".join(f"<Contents><Key>{name}</Key><Size>{len(content)}</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
                            "<ETag>x</ETag></Contents>" for name, content in self.OBJECTS.items() if name.startswith(query.get("prefix", "")))
            return self.answer(200, f"<ListBucketResult>{found}<IsTruncated>false</IsTruncated></ListBucketResult>".encode())
        if key not in self.OBJECTS:
            return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        content, span = self.OBJECTS[key], re.match(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not span:
            return self.answer(200, content)
        first, last = int(span[1]), min(int(span[2]), len(content) - 1)
        self.answer(206, content[first:last + 1], {"Content-Range": f"bytes {first}-{last}/{len(content)}"})

    def answer(self, status, content, headers={}):
        self.send_response(status)
        for name, value in {"Content-Length": len(content), "ETag": "x", "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT", **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else content)


def by_bucket(checks, folder):
    """The two other clouds, which the library brings: that they are reached, and what their refusals say."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    for name in ("table.csv", "snappy.parquet"):
        with open(os.path.join(TABLES, name), "rb") as f:
            Bucket.OBJECTS[f"in/{name}"] = f.read()
    amazon = {"AWS_ENDPOINT_URL": address, "AWS_ALLOW_HTTP": "true", "AWS_ACCESS_KEY_ID": Bucket.KEY, "AWS_SECRET_ACCESS_KEY": "aws-s3cret", "AWS_REGION": "eu-west-1"}
    account = json.dumps({"gcs_base_url": address, "disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""})
    google = {"GOOGLE_SERVICE_ACCOUNT_KEY": account, "GOOGLE_ALLOW_HTTP": "true"}
    for scheme, environment in (("s3", amazon), ("gs", google)):
        for name in ("table.csv", "snappy.parquet", "*.csv"):
            checks.run(f"{scheme}: {name}", same, environment, [f"{scheme}://bucket/in/{name}"], [os.path.join(TABLES, name.replace("*", "table"))])
        refuses(checks, f"{scheme}: no such object", environment, [f"{scheme}://bucket/in/no*.csv"], 1, f"{scheme}://bucket/in/no*.csv matches no file")
    refuses(checks, "s3: a wrong key", amazon | {"AWS_ACCESS_KEY_ID": "AKIAOTHER"}, ["s3://bucket/in/*.csv"], 1,
            FORBIDDEN + " with the credentials of AWS", "there is no such key", secrets=["aws-s3cret"])
    server.shutdown()


def certificate(folder):
    """An authority and, signed by it, a certificate for 127.0.0.1: (authority, certificate, key)."""
    path = lambda name: os.path.join(folder, name)
    openssl = lambda *arguments: subprocess.run(["openssl", *arguments], check=True, capture_output=True)
    new = ["-newkey", "rsa:2048", "-nodes", "-days", "2"]
    openssl("req", "-x509", *new, "-subj", "/CN=tests", "-keyout", path("ca.key"), "-out", path("ca.pem"))
    openssl("req", *new[:3], "-subj", "/CN=127.0.0.1", "-keyout", path("tls.key"), "-out", path("tls.csr"))
    with open(path("names"), "w") as f:
        f.write("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", path("tls.csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial", "-days", "2",
            "-extfile", path("names"), "-out", path("tls.pem"))
    return path("ca.pem"), path("tls.pem"), path("tls.key")


def trained(address, folder):
    """Labelled anomalies of the space shuttle (49,097 rows) as Parquet through the emulator: as good a model as from the
    local file, and no secret in it."""
    frame = tables.frame("shuttle")
    path = os.path.join(folder, "shuttle.parquet")
    frame.to_parquet(path, index=False)
    Container(address, "shuttle").put("2026/part-0.parquet", open(path, "rb").read())
    environment = {"AZURITE_BLOB_STORAGE_URL": address, "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT, "AZURE_STORAGE_ACCOUNT_KEY": KEY}
    out = lambda name: os.path.join(folder, name)
    for name, source in (("remote", "az://shuttle/2026/*.parquet"), ("local", path)):
        status, _, err = run(environment, "train", "--data", source, "--estimator", "isolation-forest", "--target", "anomaly",
                             "--output-path", out(name + ".bundle"), "--metrics", out(name + ".json"))
        assert status == 0 and KEY not in err, err
        with open(out(name + ".bundle"), "rb") as f:
            assert KEY.encode() not in f.read()
    remote, local = (json.load(open(out(name + ".json"))) for name in ("remote", "local"))
    assert remote["rows"]["source"] == len(frame) and remote["data"]["sources"] == ["az://shuttle/2026/part-0.parquet"], remote
    assert remote["data"]["fingerprint"] == local["data"]["fingerprint"] and remote["evaluation"] == local["evaluation"]
    assert remote["evaluation"]["metrics"]["roc_auc"] > 0.99, remote["evaluation"]


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        authority, cert, key = certificate(folder)
        with emulator() as plain, emulator("--oauth", "basic", "--cert", cert, "--key", key) as secure:
            by_key(checks, plain, folder)
            by_signature(checks, plain)
            by_identity(checks, secure, authority, folder)
            by_bucket(checks, folder)
            checks.run("shuttle", trained, plain, folder)
    checks.finish()


if __name__ == "__main__":
    main()
