"""What the scripts/bench-*.py have in common: the venv with the other engines, the built benchmark, the line that says what
was measured on what, and the place of results. No script by itself."""
import datetime, json, os, re, subprocess, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv-bench")
REQUIREMENTS = os.path.join(ROOT, "scripts", "bench-requirements.txt")


def enter():
    """Goes on as the Python that has the engines, with one thread for each of them."""
    if os.path.realpath(sys.prefix) == os.path.realpath(VENV):
        return
    python = os.path.join(VENV, "bin", "python")
    if not os.path.exists(python):
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([python, "-m", "pip", "-q", "install", "-r", REQUIREMENTS], check=True)
    os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")})
    os.execv(python, [python, *sys.argv])


def built(binary):
    """`benches/bundle.rs` in the bench profile, which is the release profile; `binary` where one is named."""
    if binary:
        return binary
    build = ["cargo", "bench", "--locked", "--bench", "bundle", "--no-run", "--message-format", "json"]
    told = subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    made = [m for m in map(json.loads, told) if m.get("executable") and m["target"]["name"] == "bundle"]
    return made[-1]["executable"]


def program():
    """The release build of scorelet."""
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
    return os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")), "release", "scorelet")


def head(script, rounds, before, *packages):
    """`before` is the load average when measuring began, `packages` what was measured beside scorelet."""
    def output(*command):
        return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout.strip()

    with open("/proc/cpuinfo") as file:
        cpu = re.search("model name.*: (.*)", file.read())[1]
    return (f"{script}, {rounds} rounds at {output('git', 'describe', '--always', '--dirty')}, {datetime.date.today()}, {cpu}, {os.cpu_count()} cores, "
            f"load average {before:.1f} before and {os.getloadavg()[0]:.1f} after, {output('rustc', '-V')}" + "".join(f", {package.__name__} {package.__version__}" for package in packages))


def write(name, text, data):
    """Prints the table and puts it and its data beside the other results."""
    print(text, end="")
    where = os.path.join(ROOT, "benches", "results", name)
    for ending, content in ((".md", text), (".json", json.dumps(data, indent=1) + "\n")):
        with open(where + ending + ".new", "w") as file:
            file.write(content)
        os.replace(where + ending + ".new", where + ending)
