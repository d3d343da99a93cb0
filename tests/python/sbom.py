#!/usr/bin/env python3
"""The list of packages in an image (scripts/sbom.py) is CycloneDX by its own schema, and true of the build:
    tests/python/sbom.py FILE [FEATURES]
"""
import json, re, subprocess, sys, tomllib

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from harness import ROOT, Checks

# Packages that tests, build scripts and procedural macros use, and nothing in the program.
ELSEWHERE = {"proptest", "tempfile", "cc", "clap_derive", "serde_derive", "tokio-macros", "bincode_derive"}


def valid(text):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None, JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    wrong = text.replace('"type":"library"', '"type":"libary"', 1)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(wrong) is not None, "the schema lets anything pass"


def whole(bom, features):
    """Every dependency of Cargo.toml that this build has, with the digest of Cargo.lock, and none that it has not."""
    with open(f"{ROOT}/Cargo.toml", "rb") as f:
        wanted = tomllib.load(f)["dependencies"]
    optional = {name for name, how in wanted.items() if isinstance(how, dict) and how.get("optional")}
    direct = set(wanted) - (set() if features else optional)
    listed = {c["name"]: c for c in bom["components"]}
    missing = direct - set(listed)
    assert not missing, missing
    assert not ELSEWHERE & set(listed), ELSEWHERE & set(listed)
    assert features or "object_store" not in listed
    with open(f"{ROOT}/Cargo.lock", "rb") as f:
        locked = {(p["name"], p["version"]): p.get("checksum") for p in tomllib.load(f)["package"]}
    for c in bom["components"]:
        if c.get("purl", "").startswith("pkg:cargo/"):
            assert c["hashes"][0]["content"] == locked[c["name"], c["version"]], c
        assert c["licenses"], c
    assert re.fullmatch(r"\d+\.\d+", listed["glibc"]["version"]), "the C library is in a static binary too"


def joined(bom):
    """What depends on what names packages of the list; every one is reached from the program."""
    graph = {d["ref"]: d["dependsOn"] for d in bom["dependencies"]}
    reached, open = set(), [bom["metadata"]["component"]["bom-ref"]]
    while open:
        ref = open.pop()
        if ref not in reached:
            reached.add(ref)
            open += graph[ref]
    cargo = {c["bom-ref"] for c in bom["components"] if "hashes" in c}
    assert reached - {bom["metadata"]["component"]["bom-ref"]} == cargo, reached ^ cargo


def same(text, features):
    again = subprocess.run([sys.executable, f"{ROOT}/scripts/sbom.py", "--features", features], capture_output=True, text=True, check=True)
    assert again.stdout == text, "made again it is another"


def main():
    file, features = sys.argv[1], "".join(sys.argv[2:])
    with open(file) as f:
        text = f.read()
    checks = Checks()
    for check, arguments in ((valid, [text]), (whole, [json.loads(text), features]), (joined, [json.loads(text)]), (same, [text, features])):
        checks.run(check.__name__, check, *arguments)
    checks.finish()


main()
