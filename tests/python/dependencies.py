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


def one_version_each(packages, _policy):
    seen = {}
    for p in packages:
        seen.setdefault(p["name"], set()).add(p["version"])
    double = {n: sorted(v) for n, v in seen.items() if len(v) > 1}
    assert not double, double


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


def main():
    checks = Checks()
    with open(os.path.join(ROOT, "deny.toml"), "rb") as f:
        policy = tomllib.load(f)
    target = re.search("host: (.*)", subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout)[1]
    told = subprocess.run(["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target],
                          cwd=ROOT, capture_output=True, text=True, check=True)
    packages = json.loads(told.stdout)["packages"]
    for name, check in {"licences": licences, "one version each": one_version_each, "sources": from_the_registry}.items():
        checks.run(name, check, packages, policy)
    checks.run("reasons in Cargo.toml", reasons)
    if os.path.exists(ADVISORIES):
        checks.run("advisories", no_open_advisory, policy)
    else:
        checks.skip("advisories", "no copy of the database beside the checkout")
    checks.finish()


main()
