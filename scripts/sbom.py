#!/usr/bin/env python3
"""Writes to stdout the list (CycloneDX 1.6, JSON) of the packages that are linked into the binary:
    scripts/sbom.py [--target TRIPLE] [--features A,B]
Asks cargo for the graph of this very build: what only tests, build scripts or procedural macros use is not in the
program and not in the list. Rust's own library and the C library of this machine are, since a static binary holds them.
The same sources and tools give the same bytes. Standard library only; no network beyond cargo's own.
"""
import argparse, json, os, re, subprocess, tomllib, uuid

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def cargo(features, *words):
    words = [*words, "--locked", "--no-default-features", "--features", features]
    return subprocess.run(["cargo", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


def rustc(field):
    return re.search(f"{field}: (.*)", subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout)[1]


def linked(target, features):
    """Each package as (name, version), with those it links directly; the first is scorelet."""
    tree = cargo(features, "tree", "--edges", "normal,no-proc-macro", "--target", target, "--prefix", "depth", "--no-dedupe", "--format", " {p}")
    above, graph = [], {}
    for line in tree.splitlines():
        depth, name, version = re.match(r"(\d+) (\S+) v(\S+)", line).groups()
        package = (name, version)
        graph.setdefault(package, set())
        del above[int(depth):]
        if above:
            graph[above[-1]].add(package)
        above.append(package)
    return graph


def component(package, described, checksums):
    name, version = package
    purl = f"pkg:cargo/{name}@{version}"
    result = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    # Before 2018 licences were joined by a stroke.
    if licence := described[package]["license"]:
        result["licenses"] = [{"expression": re.sub(" */ *| OR +", " OR ", licence).replace("  ", " ")}]
    if checksum := checksums.get(package):
        result["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return result


def toolchain(target):
    """What the linker adds to the packages: the standard library and, in a static binary for glibc, that."""
    named = lambda name, version, **more: {"type": "library", "bom-ref": f"{name}@{version}", "name": name, "version": version, **more}
    rust = rustc("release")
    yield named("rust-std", rust, purl=f"pkg:generic/rust-std@{rust}", licenses=[{"expression": "MIT OR Apache-2.0"}])
    if target.endswith("-gnu"):
        version = os.confstr("CS_GNU_LIBC_VERSION").split()[1]
        yield named("glibc", version, cpe=f"cpe:2.3:a:gnu:glibc:{version}:*:*:*:*:*:*:*", licenses=[{"expression": "LGPL-2.1-or-later"}])


def main():
    arguments = argparse.ArgumentParser(description="The packages linked into the binary, as CycloneDX.")
    arguments.add_argument("--target", default=rustc("host"), help="the target triple that is built for [default: this machine's]")
    arguments.add_argument("--features", default="", help="cargo features of the build, separated by commas; the default ones are not in it")
    options = arguments.parse_args()
    graph = linked(options.target, options.features)
    metadata = json.loads(cargo(options.features, "metadata", "--format-version", "1", "--filter-platform", options.target))
    described = {(p["name"], p["version"]): p for p in metadata["packages"]}
    with open(os.path.join(ROOT, "Cargo.lock"), "rb") as f:
        checksums = {(p["name"], p["version"]): p.get("checksum") for p in tomllib.load(f)["package"]}
    program, *others = [component(p, described, checksums) for p in [next(iter(graph)), *sorted(list(graph)[1:])]]
    reference = lambda package: f"pkg:cargo/{package[0]}@{package[1]}"
    bom = {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"component": program | {"type": "application"},
                     "properties": [{"name": "scorelet:target", "value": options.target}, {"name": "scorelet:features", "value": options.features}]},
        "components": others + list(toolchain(options.target)),
        "dependencies": [{"ref": reference(p), "dependsOn": sorted(map(reference, graph[p]))} for p in sorted(graph)],
    }
    bom = {"serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(bom)).urn, **bom}
    print(json.dumps(bom, separators=(",", ":")))


main()
