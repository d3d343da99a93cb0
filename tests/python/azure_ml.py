#!/usr/bin/env python3
"""What is handed to Azure: the files in scoring/, the pipelines, and releases by the built binary through a stand-in `az`.

Microsoft's own SDK loads every file, also those that `scorelet deploy` fills in; the pipelines pass their published schemas.
Runs in a Python environment of its own, for the SDK brings seventy packages.
"""
import contextlib, glob, http.server, json, logging, os, re, shlex, shutil, signal, subprocess, sys, tempfile, threading

from azure.ai.ml import load_environment, load_model, load_online_deployment, load_online_endpoint
from harness import BINARY, ROOT, Checks

AZ = os.path.join(ROOT, "tests", "python", "az.py")
SCORING = os.path.join(ROOT, "scoring")
BLUE, GREEN = (os.path.join(SCORING, f"deployment-{color}.yml") for color in ("blue", "green"))
FILLED = ["--model", "azureml://registries/contoso-ml-registry/models/sales-anomaly-detector/versions/7", "--image", "contoso.azurecr.io/scorelet:0.1.0"]
TEST = ["--request-file", os.path.join(SCORING, "sample-request.json"), "--expect", os.path.join(SCORING, "sample-response.json")]
QUICK = ["--bake-seconds", "0", "--poll-seconds", "0", "-g", "rg-ml-prod", "-w", "ml-workspace-prod"]
# What the article's tables give as examples, and the like for what it does not have.
EXAMPLES = {
    "your-ml-registry": "contoso-ml-registry", "your-model-name": "sales-anomaly-detector", "version-number": "7",
    "your-container-registry": "contoso.azurecr.io", "scorelet-version": "0.1.0",
}


def run(*arguments, env=None, cwd=ROOT):
    """(exit code, stdout, stderr) of the binary."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("SCORELET_", "AZ_"))}
    done = subprocess.run([BINARY, *arguments], env=clean | (env or {}), cwd=cwd, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def deploy(*arguments, **more):
    return run("deploy", "--endpoint", os.path.join(SCORING, "endpoint.yml"), "--deployment", BLUE, GREEN, *FILLED, *QUICK, *arguments, **more)


class Workspace:
    """A workspace of the stand-in, and `az` on PATH."""

    first = None

    def __init__(self, folder, **plan):
        self.folder = folder
        bin_folder = os.path.join(folder, "bin")
        os.makedirs(bin_folder)
        with open(os.path.join(bin_folder, "az"), "w") as f:
            f.write(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(AZ)} \"$@\"\n")
        os.chmod(os.path.join(bin_folder, "az"), 0o755)
        self.env = {"AZ_STATE": folder, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
        self.plan(**plan)

    def plan(self, **plan):
        """How it behaves from now on; calls count anew."""
        self.write("plan.json", plan)
        self.write("calls.json", [])
        self.write("history.json", [])

    def write(self, name, value):
        with open(os.path.join(self.folder, name), "w") as f:
            json.dump(value, f)

    def read(self, name):
        with open(os.path.join(self.folder, name)) as f:
            return json.load(f)

    def live(self):
        traffic = (self.read("state.json")["endpoint"] or {}).get("traffic", {})
        return {name: share for name, share in traffic.items() if share}

    def deploy(self, *arguments):
        return deploy("--output-dir", os.path.join(self.folder, "out"), *TEST, *arguments, env=self.env)

    def with_blue_live(self):
        """After a first release, which is made once and copied."""
        if not Workspace.first:
            code, out, err = self.deploy("--release", "1")
            assert code == 0 and self.live() == {"blue": 100}, out + err
            Workspace.first = self.read("state.json")
        self.write("state.json", Workspace.first)
        self.plan()
        return self


@contextlib.contextmanager
def workspace(**plan):
    with tempfile.TemporaryDirectory() as folder:
        yield Workspace(folder, **plan)


def filled(name, folder):
    """A file of scoring/ with its placeholders filled in."""
    with open(os.path.join(SCORING, name)) as f:
        text = f.read()
    for placeholder, example in EXAMPLES.items():
        text = text.replace(f"<{placeholder}>", example)
    place = os.path.join(folder, name)
    with open(place, "w") as f:
        f.write(text)
    return place


def the_sdk_takes_our_files(folder):
    shutil.copy(os.path.join(SCORING, "model_bundle.pkl"), folder)
    endpoint = load_online_endpoint(filled("endpoint.yml", folder))
    for color in ("blue", "green"):
        deployment = load_online_deployment(filled(f"deployment-{color}.yml", folder))
        assert (deployment.name, deployment.endpoint_name) == (color, endpoint.name)
        assert deployment.request_settings.max_concurrent_requests_per_instance > 1
        assert deployment.environment.inference_config.scoring_route.port == 5001
    assert load_model(filled("model.yml", folder)).type == "custom_model"
    assert load_environment(filled("environment.yml", folder)).inference_config.liveness_route.path == "/health/live"


def the_sdk_takes_what_we_fill_in(folder):
    code, out, err = deploy("--dry-run", "--output-dir", folder, "--release", "42")
    assert code == 0, err
    sent = [shlex.split(line) for line in out.splitlines() if not line.startswith("#")]
    files = {words[2]: words[words.index("--file") + 1] for words in sent if "--file" in words}
    assert load_online_endpoint(files["online-endpoint"]).name == "anomaly-scoring-endpoint"
    deployment = load_online_deployment(files["online-deployment"])
    assert (deployment.model, deployment.tags["scorelet_release"]) == (FILLED[1], "42"), deployment


# A file, a change of it, whether the SDK refuses it as well, and what we say.
WRONG = [
    ("endpoint.yml", "auth_mode: aad_token", "auth_mode: none", True, "auth_mode: \"none\" is none of"),
    ("endpoint.yml", "name: anomaly-scoring-endpoint", "name: 1st", True, "is refused by Azure"),
    ("endpoint.yml", "tags:", "traffik: {}\ntags:", True, "did you mean \"traffic\""),
    ("endpoint.yml", "tags:", "traffic: {blue: 80, green: 30}\ntags:", True, "add up to 110"),
    ("endpoint.yml", "tags:", "traffic: {blue: 10, green: 80}\ntags:", False, "add up to 90"),
    ("endpoint.yml", "tags:", "traffic: {blue: 100}\nmirror_traffic: {green: 80}\ntags:", False, "at most 50 can be mirrored"),
    ("endpoint.yml", "tags:", "traffic: {blue: 100}\nmirror_traffic: {blue: 10}\ntags:", False, "never both"),
    ("deployment-blue.yml", "instance_count", "instance_cnt", True, "did you mean \"instance_count\""),
    ("deployment-blue.yml", "instance_type: Standard_DS3_v2", "", True, "instance_type: is missing"),
    ("deployment-blue.yml", "period: 10", "period: ten", True, "is text, not a whole number"),
    ("deployment-blue.yml", "enabled: 'true'", "enabled: true", True, "in quotes"),
    ("deployment-blue.yml", "rolling_rate: hour", "rolling_rate: month", True, "none of minute, hour, day"),
    ("deployment-blue.yml", "      port: 5001\n    readiness", "      port: x\n    readiness", True, "port: is text"),
    ("deployment-blue.yml", "request_timeout_ms: 5000", "request_timeout_ms: 900000", False, "between 1 and 180000"),
    ("deployment-blue.yml", "path: /score", "path: /predict", False, "does not answer on \"/predict\""),
    ("deployment-blue.yml", "  inference_config", "  inference_konfig", True, "did you mean \"inference_config\""),
    ("deployment-blue.yml", "model: azureml", "model: ./no-such-model.pkl #", True, "is no registered model"),
]


def both_refuse(folder, name, old, new, sdk_refuses, said):
    place = filled(name, folder)
    with open(place) as f:
        text = f.read()
    assert old in text, f"{old!r} is not in {name}"
    with open(place, "w") as f:
        f.write(text.replace(old, new, 1))
    load = load_online_endpoint if name.startswith("endpoint") else load_online_deployment
    try:
        load(place)
        refused = False
    except Exception:
        refused = True
    files = [filled("endpoint.yml", folder) if name != "endpoint.yml" else place] + ([place] if name != "endpoint.yml" else [BLUE])
    more = FILLED if name == "endpoint.yml" else []
    code, out, err = run("deploy", "--check", "--endpoint", files[0], "--deployment", files[1], *more)
    assert refused == sdk_refuses, f"the SDK {'refuses' if refused else 'takes'} it"
    assert code == 1 and said in out, f"exit {code}: {out}{err}"
    line = [line for line in out.splitlines() if said in line][0]
    assert re.match(rf"{re.escape(place)}:\d+: ", line), line


def placeholders_are_named():
    code, out, _ = run("deploy", "--check", "--endpoint", os.path.join(SCORING, "endpoint.yml"), "--deployment", BLUE)
    named = set(re.findall(r"<([a-z-]+)>", out))
    with open(BLUE) as f:
        assert code == 1 and named == set(re.findall(r"<([a-z-]+)>", f.read())), out
    code, out, _ = deploy("--check")
    assert code == 0 and out == "3 files: 0 errors, 0 notes\n", out


def a_rehearsal_is_what_happens():
    for live in ([], ["--live", "blue"]):
        with workspace() as azure:
            if live:
                azure.with_blue_live()
            code, out, err = azure.deploy("--dry-run", *live)
            assert code == 0 and not azure.read("calls.json"), err
            planned = [shlex.split(line)[1:] for line in out.splitlines() if not line.startswith("#")]
            code, out, err = azure.deploy()
            assert code == 0, out + err
            calls = azure.read("calls.json")
            # A rehearsal does not wait; the real one asks until the deployment is ready.
            done = [call for at, call in enumerate(calls) if at == 0 or call != calls[at - 1]]
            assert planned == done, f"{planned}\n is not\n{done}"


def releases_alternate():
    with workspace() as azure:
        azure.with_blue_live()
        for release, color in (("2", "green"), ("3", "blue"), ("3", "blue")):
            code, out, err = azure.deploy("--release", release, "--json")
            report = json.loads(out)
            assert code == 0 and azure.live() == {color: 100}, out + err
            assert (report["deployment"], report["release"]) == (color, release), report
        assert report["outcome"] == "already_live" and not report["changes"], report
        code, out, err = azure.deploy("--rollback")
        assert code == 0 and azure.live() == {"green": 100}, out + err
        assert all(sum(traffic.values()) in (0, 100) for traffic in azure.read("history.json"))


def stages_of_a_pipeline():
    """Deployed in one stage, given traffic in the next, each run twice."""
    with workspace() as azure:
        azure.with_blue_live()
        for _ in range(2):
            code, out, err = azure.deploy("--release", "2", "--traffic", "0", "--json")
            report = json.loads(out)
            assert (code, report["outcome"], report["previous"], azure.live()) == (0, "tested", "blue", {"blue": 100}), out + err
        for _ in range(2):
            code, out, err = azure.deploy("--release", "2", "--traffic", "10,100")
            assert code == 0 and azure.live() == {"green": 100}, out + err
        for _ in range(2):
            code, out, err = azure.deploy("--rollback", "--to", "blue")
            assert code == 0 and azure.live() == {"blue": 100}, out + err


def a_failure_anywhere(carried_out):
    """Each command of a release fails once; clients have one version all the time, and a second try comes to its end."""
    release = ["--release", "2", "--traffic", "10,100"]
    with workspace() as azure:
        azure.with_blue_live()
        assert azure.deploy(*release)[0] == 0
        calls = len(azure.read("calls.json"))
    for at in range(calls):
        with workspace() as azure:
            azure.with_blue_live().plan(fail_at=at, carried_out=carried_out)
            code, out, err = azure.deploy(*release)
            live = azure.live()
            assert live == ({"green": 100} if code == 0 else {"blue": 100}), f"command {at}: exit {code}, {live}: {out}{err}"
            assert all(sum(traffic.values()) == 100 for traffic in azure.read("history.json")), f"command {at}"
            azure.plan()
            code, out, err = azure.deploy(*release)
            assert code == 0 and azure.live() == {"green": 100}, f"command {at}: {out}{err}"


def an_azure_that_is_gone():
    with workspace() as azure:
        azure.with_blue_live()
        assert azure.deploy("--release", "2")[0] == 0
        shift = next(at for at, call in enumerate(azure.read("calls.json")) if "--traffic" in call)
    with workspace() as azure:
        azure.with_blue_live().plan(fail_at=shift + 1, forever=True)
        code, out, err = azure.deploy("--release", "2")
        # Ten percent were given and cannot be taken back: the command that does is in the message, and works.
        assert code == 1 and "do it by hand" in err and azure.live() == {"blue": 90, "green": 10}, out + err
        azure.plan()
        command = err.strip().splitlines()[-1].strip()
        subprocess.run(["sh", "-c", command], env=os.environ | azure.env, check=True, capture_output=True)
        assert azure.live() == {"blue": 100}


def what_does_not_become_ready():
    with workspace() as azure:
        azure.with_blue_live().plan(deployment={"becomes": "Failed"})
        code, out, err = azure.deploy("--release", "2")
        assert code == 1 and azure.live() == {"blue": 100}, out + err
        assert "green is Failed" in err and "| scorelet: cannot load the bundle" in err, err
        # What failed is replaced, for Azure cannot update it.
        azure.plan()
        code, out, err = azure.deploy("--release", "2")
        assert code == 0 and azure.live() == {"green": 100}, out + err


def wrong_answers():
    right = json.dumps({"predictions": [1, 1, -1, -1]})
    for replies, said in (
        ([json.dumps({"predictions": [1, 1, 1, -1]})], "predictions[2]: 1 where -1 is expected"),
        ([json.dumps(json.dumps({"error": "no"}))], "it answers with an error"),
        ([right, json.dumps({"predictions": [0, 0, 0, 0]})], "again as before: blue=100 green=0"),
        ([right, right, "<html>"], "again as before: blue=100 green=0"),
    ):
        with workspace() as azure:
            azure.with_blue_live().plan(replies=replies)
            state = azure.read("state.json")
            azure.write("state.json", state | {"invoked": 0})
            code, out, err = azure.deploy("--release", "2", "--json")
            report = json.loads(out)
            assert code == 1 and azure.live() == {"blue": 100} and said in report["error"], out + err
            assert report["outcome"] == ("rolled_back" if "before" in said else "failed"), report


def an_end_by_a_signal():
    with workspace() as azure:
        azure.with_blue_live()
        words = [BINARY, "deploy", "--endpoint", os.path.join(SCORING, "endpoint.yml"), "--deployment", BLUE, GREEN, *FILLED, *TEST, "-g", "rg",
                 "--poll-seconds", "0", "--bake-seconds", "60", "--release", "2", "--output-dir", os.path.join(azure.folder, "out")]
        process = subprocess.Popen(words, env=os.environ | azure.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            for line in process.stdout:
                if "green=10" in line:
                    break
            assert azure.live() == {"blue": 90, "green": 10}
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode == 1 and azure.live() == {"blue": 100} and "interrupted" in err, out + err


def nothing_secret_is_said():
    """Neither commands nor pipelines hold a secret or a way to pass one on a command line."""
    with workspace() as azure:
        azure.with_blue_live()
        env = {"AZURE_STORAGE_ACCOUNT_KEY": "s3cret-key", "AZURE_CLIENT_SECRET": "s3cret-client"}
        azure.env |= env
        code, out, err = azure.deploy("--release", "2")
        said = json.dumps(azure.read("calls.json")) + out + err + "".join(open(f).read() for f in glob.glob(azure.folder + "/out/*"))
        assert code == 0 and "s3cret" not in said, said
    for name in ("azure-pipelines.yml", "pipelines/github-actions.yml", "pipelines/register.sh", "pipelines/credentials.sh"):
        with open(os.path.join(ROOT, name)) as f:
            text = f.read()
        found = re.findall(r"ACCOUNT_KEY|CLIENT_SECRET|secrets\.|--password|-H .?Authorization", text)
        assert not found, f"{name}: {found}"


def every_placeholder_is_explained():
    """docs/azure.md has a row for each placeholder, and none for what is not there."""
    used = set()
    for name in ("azure-pipelines.yml", *(f"scoring/{one}" for one in os.listdir(SCORING) if one.endswith(".yml"))):
        with open(os.path.join(ROOT, name)) as f:
            used |= set(re.findall(r"<([a-z][a-z-]+)>", f.read()))
    with open(os.path.join(ROOT, "docs", "azure.md")) as f:
        explained = set(re.findall(r"^\| `<([a-z-]+)>`", f.read(), re.M))
    assert used == explained, f"not explained {used - explained}, not used {explained - used}"


def schemas():
    check = [sys.executable, "-m", "check_jsonschema"]
    pipelines = ["--regex-variant", "nonunicode", "--builtin-schema", "vendor.azure-pipelines", "--data-transform", "azure-pipelines"]
    for words in ([*pipelines, "azure-pipelines.yml"], [*pipelines, "pipelines/scorelet.yml"],
                  ["--builtin-schema", "vendor.github-workflows", "pipelines/github-actions.yml"]):
        done = subprocess.run(check + words, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-600:]


def registers_once(folder):
    """pipelines/register.sh: one number in both registries, the same again for the same run."""
    with workspace() as azure:
        os.symlink(BINARY, os.path.join(azure.folder, "bin", "scorelet"))
        os.mkdir(os.path.join(folder, "model"))
        bundle = os.path.join(folder, "model", "model_bundle.pkl")
        shutil.copy(os.path.join(SCORING, "model_bundle.pkl"), bundle)
        env = os.environ | azure.env | {"MODEL_NAME": "anomaly", "MODEL_STORE": os.path.join(folder, "registry"),
                                        "ML_REGISTRY": "contoso", "ML_REGISTRY_RESOURCE_GROUP": "rg"}
        script = os.path.join(ROOT, "pipelines", "register.sh")
        register = lambda build: subprocess.run([script, os.path.join(folder, "model"), build], env=env, capture_output=True, text=True)
        # Azure is gone after scorelet's registry has given a version: the next try gets the same one.
        azure.plan(fail_at=0)
        failed = register("build-1")
        assert failed.returncode == 1 and "come back later" in failed.stderr and not failed.stdout, failed
        azure.plan()
        for _ in range(2):
            done = register("build-1")
            assert done.stdout == "1\n", done
        created = [call for call in azure.read("calls.json") if call[:3] == ["ml", "model", "create"]]
        assert len(created) == 1, created
        # Another model under the number that is next.
        state = azure.read("state.json")
        state["models"]["contoso/anomaly/2"] = "other"
        azure.write("state.json", state)
        done = register("build-2")
        assert done.returncode == 1 and "is another model in contoso" in done.stderr, done


def hands_on_the_identity(folder):
    """pipelines/credentials.sh in both kinds of pipelines: a file for this user alone, and no token in any argument."""
    script = f". {shlex.quote(os.path.join(ROOT, 'pipelines', 'credentials.sh'))} && federated_credentials && " \
             "cat \"$AZURE_FEDERATED_TOKEN_FILE\" && stat -c ' %a' \"$AZURE_FEDERATED_TOKEN_FILE\" && echo \"$AZURE_CLIENT_ID $AZURE_TENANT_ID\""
    clean = {"PATH": os.environ["PATH"]}
    env = clean | {"AGENT_TEMPDIRECTORY": folder, "idToken": "t0ken", "servicePrincipalId": "client", "tenantId": "tenant"}
    done = subprocess.run(["bash", "-euc", script], env=env, capture_output=True, text=True)
    assert done.stdout == "t0ken 600\nclient tenant\n", done

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            right = self.headers["Authorization"] == "bearer r3quest" and self.path == "/x?v=1&audience=api://AzureADTokenExchange"
            content = json.dumps({"value": "g1thub"} if right else {}).encode()
            self.send_response(200 if right else 401)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        env = clean | {"RUNNER_TEMP": folder, "AZURE_CLIENT_ID": "c", "AZURE_TENANT_ID": "t", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "r3quest",
                       "ACTIONS_ID_TOKEN_REQUEST_URL": f"http://127.0.0.1:{server.server_address[1]}/x?v=1"}
        done = subprocess.run(["bash", "-euc", script], env=env, capture_output=True, text=True)
        server.shutdown()
    assert done.stdout == "g1thub 600\nc t\n", done


def scales_by_metrics_that_exist():
    metrics = {"CpuUtilizationPercentage": "target", "CpuMemoryUtilizationPercentage": "target", "RequestLatency_P95": "endpoint"}
    with open(os.path.join(SCORING, "autoscale.json")) as f:
        template = json.load(f)
    settings = template["resources"][0]["properties"]
    rules = [rule["metricTrigger"] for profile in settings["profiles"] for rule in profile["rules"]]
    assert rules and all(rule["metricResourceUri"] == f"[variables('{metrics[rule['metricName']]}')]" for rule in rules), rules
    text = json.dumps(template["resources"]) + json.dumps(template["variables"])
    for kind in ("parameters", "variables"):
        used = set(re.findall(rf"{kind}\('(\w+)'\)", text))
        assert used == set(template[kind]), f"{kind}: {used ^ set(template[kind])}"


def main():
    logging.disable(logging.CRITICAL)
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        new = lambda: tempfile.mkdtemp(dir=folder)
        checks.run("the SDK takes our files", the_sdk_takes_our_files, new())
        checks.run("the SDK takes what we fill in", the_sdk_takes_what_we_fill_in, new())
        for case in WRONG:
            checks.run(f"{case[0]}: {case[2]!r}", both_refuse, new(), *case)
        checks.run("placeholders are named", placeholders_are_named)
        checks.run("a rehearsal is what happens", a_rehearsal_is_what_happens)
        checks.run("releases alternate", releases_alternate)
        checks.run("stages of a pipeline", stages_of_a_pipeline)
        checks.run("a failure anywhere", a_failure_anywhere, False)
        checks.run("an answer lost anywhere", a_failure_anywhere, True)
        checks.run("an Azure that is gone", an_azure_that_is_gone)
        checks.run("what does not become ready", what_does_not_become_ready)
        checks.run("wrong answers", wrong_answers)
        checks.run("an end by a signal", an_end_by_a_signal)
        checks.run("nothing secret is said", nothing_secret_is_said)
        checks.run("every placeholder is explained", every_placeholder_is_explained)
        checks.run("schemas of the pipelines", schemas)
        checks.run("register.sh", registers_once, new())
        checks.run("credentials.sh", hands_on_the_identity, new())
        checks.run("autoscale.json", scales_by_metrics_that_exist)
    checks.finish()


main()
