"""What Kubernetes' own schemas, and those of the CRDs, say of the manifests of k8s/. The schemas come from packages."""
import copy, functools, json, lzma, os, subprocess

import jsonschema, kubernetes_validate, yaml

import kustomize
from harness import ROOT

# The oldest version that has all that we use, but for image volumes, and the newest that there is a schema of.
VERSIONS = ("1.31", "1.37")
CUSTOM = {"HTTPRoute", "PrometheusRule", "ServiceMonitor"}
KSERVE = {"InferenceService", "ServingRuntime"}
KSERVE_SCHEMAS = os.path.join(ROOT, "..", "shared", "corpus", "kserve-inferenceservice-crd.yaml.xz")


class Invalid(Exception):
    """What a schema has against a manifest."""


@functools.cache
def rendered():
    """{folder of k8s: its manifests}; put together once."""
    return kustomize.parts()


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
