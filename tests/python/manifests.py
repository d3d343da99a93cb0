"""The manifests of k8s/ as Kubernetes would get them, and what its own schemas and the CRDs' say of them.

Never talks to a cluster: kubectl only puts the files together, and schemas come from packages.
"""
import copy, functools, glob, json, lzma, os, subprocess, sys, tempfile

import jsonschema, kubernetes_validate, yaml

from harness import ROOT

FOLDER = os.path.join(ROOT, "k8s")
KUBECTL = os.path.join(os.path.dirname(sys.executable), "kubectl")
# The oldest version that has all that we use, but for image volumes, and the newest that there is a schema of.
VERSIONS = ("1.31", "1.37")
CUSTOM = {"HTTPRoute", "PrometheusRule", "ServiceMonitor"}
KSERVE = {"InferenceService", "ServingRuntime"}
KSERVE_SCHEMAS = os.path.join(ROOT, "..", "shared", "corpus", "kserve-inferenceservice-crd.yaml.xz")


class Invalid(Exception):
    """What a schema has against a manifest."""


def kustomize(folder):
    done = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True)
    assert done.returncode == 0, f"{folder}: {done.stderr[:500]}"
    return list(yaml.safe_load_all(done.stdout))


def with_component(name):
    """The base with one component, as an overlay would have it."""
    with tempfile.TemporaryDirectory() as folder:
        place = lambda *parts: os.path.relpath(os.path.join(FOLDER, *parts), os.path.realpath(folder))
        with open(os.path.join(folder, "kustomization.yaml"), "w") as f:
            json.dump({"resources": [place("base")], "components": [place("components", name)]}, f)
        return kustomize(folder)


@functools.cache
def rendered():
    """All that can be applied: {folder of k8s: its manifests}."""
    folders = [os.path.relpath(os.path.dirname(f), FOLDER) for f in glob.glob(f"{FOLDER}/**/kustomization.yaml", recursive=True)]
    parts = lambda folder: folder.split(os.sep)
    return {f: with_component(parts(f)[1]) if parts(f)[0] == "components" else kustomize(os.path.join(FOLDER, f)) for f in sorted(folders)}


def validate(manifest):
    """Refuses what the schema of its kind does not have.

    # Errors
    Invalid, with the first fault. LookupError where there is no schema of the kind here.
    """
    kind = manifest["kind"]
    if kind in CUSTOM:
        node = subprocess.run(["node", os.path.join(ROOT, "tests", "k8s", "validate.mjs")], input=json.dumps([manifest]), capture_output=True, text=True)
        assert node.returncode == 0, node.stderr
        if fault := json.loads(node.stdout)[0]:
            raise Invalid(fault)
    elif kind in KSERVE:
        faults = jsonschema.Draft202012Validator(kserve()[kind, manifest["apiVersion"]]).iter_errors(manifest)
        if fault := jsonschema.exceptions.best_match(faults):
            raise Invalid(f"{fault.json_path}: {fault.message}")
    else:
        for version in VERSIONS if not image_volume(manifest) else VERSIONS[-1:]:
            try:
                kubernetes_validate.validate(manifest, version, strict=True)
            except kubernetes_validate.ValidationError as e:
                raise Invalid(f"{version}: {'.'.join(map(str, e.path))}: {e.message}") from None


def image_volume(manifest):
    return any("image" in volume for spec in pods(manifest) for volume in spec.get("volumes", []))


@functools.cache
def kserve():
    """{(kind, apiVersion): schema}, made strict.

    # Errors
    LookupError where the file is not beside the checkout.
    """
    if not os.path.exists(KSERVE_SCHEMAS):
        raise LookupError("KServe's schemas are not beside the checkout")
    schemas = {}
    with lzma.open(KSERVE_SCHEMAS) as f:
        for crd in filter(None, yaml.load_all(f, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))):
            spec = crd["spec"]
            for version in spec["versions"]:
                schema = strict(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"type": "object"}
                schemas[spec["names"]["kind"], f"{spec['group']}/{version['name']}"] = schema
    return schemas


def strict(schema):
    """A CRD's schema in plain JSON Schema, refusing fields that it does not name."""
    schema = copy.copy(schema)
    if schema.pop("x-kubernetes-int-or-string", False):
        schema = {"type": ["integer", "string"]}
    if "properties" in schema:
        schema["properties"] = {name: strict(inner) for name, inner in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            schema[key] = strict(schema[key])
    return schema


def pods(manifest):
    """The pod specs in a manifest; a ServingRuntime's and an InferenceService's are no whole ones."""
    kind, spec = manifest["kind"], manifest.get("spec", {})
    if kind == "Pod":
        return [spec]
    if kind == "CronJob":
        return [spec["jobTemplate"]["spec"]["template"]["spec"]]
    if kind == "ServingRuntime":
        return [spec]
    return [spec["template"]["spec"]] if "template" in spec else []


def containers(spec):
    return spec.get("initContainers", []) + spec["containers"]
