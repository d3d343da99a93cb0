#!/usr/bin/env python3
"""GET /swagger.json in its three versions, for bundles of different shapes, against the OpenAPI specifications."""
import json, os

from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from harness import ROOT, Checks, Server

VERSIONS = {"2": OpenAPIV2SpecValidator, "3": OpenAPIV30SpecValidator, "3.1": OpenAPIV31SpecValidator}
CORPUS = os.path.join(ROOT, "tests", "fixtures", "corpus", "1.9.1")
BUNDLES = [os.path.join(ROOT, "scoring", "model_bundle.pkl")] + [
    os.path.join(CORPUS, f"{name}.p4.pkl") for name in (
        "rf_clf_object", "rf_clf_multioutput_text", "logreg_bool", "hgb_clf_category_words", "pipe_transform_only",
        "kmeans", "bundle_unicode", "linreg_multioutput")]


def valid(server, version):
    status, headers, body = server.request("GET", f"/swagger.json?version={version}")
    assert status == 200, f"status {status}: {body[:200]}"
    assert headers["content-type"].startswith("application/json"), headers["content-type"]
    VERSIONS[version](json.loads(body)).validate()


checks = Checks()
for bundle in BUNDLES:
    with Server(bundle) as server:
        for version in VERSIONS:
            checks.run(f"{os.path.basename(bundle)}, version {version}", valid, server, version)
checks.finish()
