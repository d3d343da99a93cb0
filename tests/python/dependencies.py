#!/usr/bin/env python3
"""What deny.toml asks of the dependencies, checked without a network: licences, one version of each, known advisories.

The advisories are a copy of the RustSec database beside the checkout (../shared); without it that check is skipped.
Each dependency in Cargo.toml also has to say why it is there.
"""
import json, os, re, subprocess, sys, tomllib

from harness import ROOT, Checks

ADVISORIES = os.path.join(ROOT, "..", "shared", "tools", "advisories", "check.py")


def allowed(expression, licences):
    """Whether an SPDX expression can be satisfied by the allowed licences. `/` is the old way to write OR."""
    words = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR ").replace(" WITH LLVM-exception", ""))
    python = " ".join(w if w in "()" else w.lower() if w in ("OR", "AND") else str(w in licences) for w in words)
    return eval(python)  # only parentheses, and, or, True and False are left in it


def licences(packages, policy):
    wrong = [f"{p['name']} {p['version']}: {p['license']}" for p in packages if not allowed(p["license"] or "", policy["licenses"]["allow"])]
    assert not wrong, "; ".join(wrong)


def one_version_each(packages, policy):
    """But for what deny.toml skips, each with its reason; a skip that is of no use any more is an error too."""
    skipped = {skip["crate"] for skip in policy["bans"]["skip"]}
    seen = {}
    for p in packages:
        seen.setdefault(p["name"], set()).add(p["version"])
    double = {n: {v for v in versions if f"{n}@{v}" not in skipped} for n, versions in seen.items() if len(versions) > 1}
    assert all(len(versions) == 1 for versions in double.values()), double
    useless = [s for s in skipped if len(seen.get(s.split("@")[0], ())) < 2 or s.split("@")[1] not in seen[s.split("@")[0]]]
    assert not useless, f"skipped for nothing: {useless}"


def from_the_registry(packages, _policy):
    """A source is the registry, or none for this package itself: no git, no other registry."""
    wrong = [p["name"] for p in packages if p["source"] and not p["source"].startswith("registry+")]
    assert not wrong, wrong


def no_open_advisory(policy):
    ignored = ",".join(policy["advisories"]["ignore"])
    done = subprocess.run([sys.executable, ADVISORIES, os.path.join(ROOT, "Cargo.lock"), "--ignore", ignored], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def reasons():
    """A comment on the line, or directly above it."""
    with open(os.path.join(ROOT, "Cargo.toml")) as f:
        lines, silent, inside = f.read().splitlines(), [], False
    for before, line in zip([""] + lines, lines):
        if line.startswith("["):
            inside = line in ("[dependencies]", "[dev-dependencies]")
        elif inside and re.match(r"[\w-]+ *=", line) and "#" not in line and not before.startswith("#"):
            silent.append(line.split("=")[0].strip())
    assert not silent, f"no reason beside {', '.join(silent)}"


def compiled(target):
    """The packages of a build that has everything; cargo's metadata also name those that no feature asks for."""
    ask = lambda *words: subprocess.run(["cargo", *words, "--locked", "--features", "data"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tree = ask("tree", "--edges", "normal,build", "--target", target, "--prefix", "none", "--format", "{p}")
    built = {tuple(line.split()[:2]) for line in tree.splitlines()}
    packages = json.loads(ask("metadata", "--format-version", "1", "--filter-platform", target))["packages"]
    return [p for p in packages if (p["name"], "v" + p["version"]) in built]


def main():
    checks = Checks()
    with open(os.path.join(ROOT, "deny.toml"), "rb") as f:
        policy = tomllib.load(f)
    target = re.search("host: (.*)", subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout)[1]
    packages = compiled(target)
    for name, check in {"licences": licences, "one version each": one_version_each, "sources": from_the_registry}.items():
        checks.run(name, check, packages, policy)
    checks.run("reasons in Cargo.toml", reasons)
    if os.path.exists(ADVISORIES):
        checks.run("advisories", no_open_advisory, policy)
    else:
        checks.skip("advisories", "no copy of the database beside the checkout")
    checks.finish()


main()
