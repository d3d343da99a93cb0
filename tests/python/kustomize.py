"""The manifests of k8s/ as kubectl puts them together. Never talks to a cluster."""
import glob, json, os, subprocess, tempfile

import yaml

from harness import ROOT

FOLDER = os.path.join(ROOT, "k8s")
KUBECTL = os.path.join(ROOT, ".venv-k8s", "bin", "kubectl")


def build(folder):
    done = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True)
    assert done.returncode == 0, f"{folder}: {done.stderr[:500]}"
    return list(yaml.safe_load_all(done.stdout))


def part(name):
    """The manifests of one folder of k8s/; of a component, the base with that alone."""
    if not name.startswith("components/"):
        return build(os.path.join(FOLDER, name))
    with tempfile.TemporaryDirectory() as folder:
        place = lambda path: os.path.relpath(os.path.join(FOLDER, path), os.path.realpath(folder))
        with open(os.path.join(folder, "kustomization.yaml"), "w") as f:
            json.dump({"resources": [place("base")], "components": [place(name)]}, f)
        return build(folder)


def parts():
    """All that can be applied: {folder of k8s: its manifests}."""
    files = glob.glob(f"{FOLDER}/**/kustomization.yaml", recursive=True)
    return {name: part(name) for name in sorted(os.path.relpath(os.path.dirname(f), FOLDER) for f in files)}
