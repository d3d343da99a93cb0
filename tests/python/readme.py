#!/usr/bin/env python3
"""README.md says what the program does: its links, flags, error codes, and the request and reply that it shows."""
import os, re, shlex, subprocess

from harness import BINARY, ROOT, Checks, Server


def read(*path):
    with open(os.path.join(ROOT, *path)) as f:
        return f.read()


README = read("README.md")


def links():
    for document in ("README.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md"):
        for target in re.findall(r"\]\(([^)#\s]+)", read(document)):
            assert "://" in target or os.path.exists(os.path.join(ROOT, target)), f"{document} links to {target}"


def same(told, real, what):
    assert told == real, f"{what}: only in README.md {sorted(told - real)}, missing there {sorted(real - told)}"


def flags():
    """Every flag of `serve` stands in the table, and no other; the defaults are those that --help tells."""
    told = subprocess.run([BINARY, "serve", "--help"], capture_output=True, text=True, check=True).stdout
    table = README.split("| flag |")[1].split("\n\n")[0]
    same(set(re.findall(r"--[a-z][a-z-]+", table)) - {"--help"}, set(re.findall(r"--[a-z][a-z-]+", told)) - {"--help"}, "flags")
    for line in table.splitlines()[2:]:
        _, names, _, defaults, *_ = re.split(r"(?<!\\)\|", line)
        for name, default in zip(re.findall(r"--[a-z][a-z-]+", names), re.findall(r"`(.+?)`", defaults)):
            help_text = re.search(rf"{name}\b.*?(?=\n *-|\Z)", told, re.S)[0]
            assert re.search(rf"default: [^]]*{re.escape(default)}", help_text), f"{name}: {default} is not in {help_text!r}"


def commands():
    told = subprocess.run([BINARY, "--help"], capture_output=True, text=True, check=True).stdout
    real = set(re.findall(r"^  ([a-z]+) ", told.split("Commands:")[1].split("\n\n")[0], re.M)) - {"help"}
    same(set(re.findall(r"`scorelet ([a-z]+)", README)), real, "commands")


def codes():
    """Each code of an error reply stands in the table, and no other."""
    real = set(re.findall(r'=> "([a-z_0-9]+)",', read("src", "score", "error.rs") + read("src", "serve", "error.rs")))
    rows = re.findall(r"^\| [45]\d\d.*\| (.*) \|$", README.split("### Errors")[1].split("\n##")[0], re.M)
    same(set(re.findall(r"`([a-z_0-9]+)`", " ".join(rows))), real - {"internal_error"}, "codes")


def quick_start():
    """Two commands and one request, each alone in its block; the request gets the reply that is printed below it."""
    section = README.split("## Quick start")[1].split("\n## ")[0]
    run, test, request = (block.strip() for block in re.findall(r"```sh\n(.*?)```", section, re.S))
    assert test == "./test.sh" and run.startswith("cargo run --release -- serve ") and "\n" not in run, (run, test)
    with Server(os.path.join(ROOT, run.split()[-1])) as server:
        command = shlex.split(request.replace("127.0.0.1:5001", f"{server.host}:{server.port}"))
        done = subprocess.run([*command, "-s"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == re.search(r"```json\n(.*?)\n```", section, re.S)[1], done.stdout


checks = Checks()
for check in (links, flags, commands, codes, quick_start):
    checks.run(check.__name__.replace("_", " "), check)
checks.finish()
