#!/usr/bin/env python3
"""The sample bundle of scoring/: the binary's reply is the committed one, which scikit-learn wrote, and the script that
trains it still does. Needs tests/python/requirements.txt."""
import json, os, subprocess, sys, tempfile

from harness import ROOT, Checks, Server

SCORING = os.path.join(ROOT, "scoring")


def text(*path):
    with open(os.path.join(*path)) as f:
        return f.read()


def reply_is(model, folder):
    with Server(model) as server:
        status, reply = server.score(text(folder, "sample-request.json"))
        expected = json.loads(text(folder, "sample-response.json"))
        assert status == 200 and reply == expected, f"{status} {reply} is not {expected}"
        assert -1 in reply["predictions"] and 1 in reply["predictions"], "the sample shows both answers"


def ends_with_success():
    with Server(SCORING) as server:
        server.score(text(SCORING, "sample-request.json"))
        code = server.stop()
        assert code == 0, f"SIGTERM ended it with {code}"


def trained_again():
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(folder, "model_bundle.pkl")
        script = os.path.join(SCORING, "train_model.py")
        done = subprocess.run([sys.executable, script, "--output-path", model, "--samples", folder], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert text(folder, "sample-request.json") == text(SCORING, "sample-request.json"), "the same rows are held out"
        reply_is(model, folder)


checks = Checks()
checks.run("reply to the sample request, from the file", reply_is, os.path.join(SCORING, "model_bundle.pkl"), SCORING)
checks.run("reply to the sample request, from the folder", reply_is, SCORING, SCORING)
checks.run("SIGTERM", ends_with_success)
checks.run("a bundle trained now", trained_again)
checks.finish()
