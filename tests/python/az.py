#!/usr/bin/env python3
"""Stands in for `az` on PATH: one Azure ML workspace in a folder ($AZ_STATE), with the service's rules. Records every call.

It takes the flags that the real commands document and no others, refuses to create what exists and to update what does
not, makes new deployments ready only after a while, and fails where a test tells it to (plan.json). Like the real one, it
replaces the traffic of an endpoint that is updated from a file: the tests see that nobody ever does that.
"""
import json, os, sys

FOLDER = os.environ["AZ_STATE"]
COMMON = {"--resource-group", "--workspace-name", "--subscription", "--output"}
FLAGS = {
    "online-endpoint list": set(), "online-endpoint show": {"--name"}, "online-endpoint create": {"--file"},
    "online-endpoint update": {"--name", "--traffic", "--mirror-traffic", "--file"},
    "online-endpoint invoke": {"--name", "--deployment-name", "--request-file"},
    "online-deployment list": {"--endpoint-name"}, "online-deployment create": {"--file"}, "online-deployment update": {"--file"},
    "online-deployment delete": {"--endpoint-name", "--name", "--yes"},
    "online-deployment get-logs": {"--endpoint-name", "--name", "--lines"},
    "model show": {"--name", "--version", "--registry-name", "--query"},
    "model create": {"--name", "--version", "--registry-name", "--type", "--path", "--tags"},
}


def path(name):
    return os.path.join(FOLDER, name)


def load(name, default):
    try:
        with open(path(name)) as f:
            return json.load(f)
    except FileNotFoundError:
        return default


def save(name, value):
    with open(path(name + ".new"), "w") as f:
        json.dump(value, f)
    os.replace(path(name + ".new"), path(name))


class Refused(Exception):
    pass


def need(condition, message):
    if not condition:
        raise Refused(message)


def parse(argv):
    """(verb, flags) of the call; a flag that the command does not have is refused as az refuses it."""
    need(argv[:1] == ["ml"], f"'{' '.join(argv[:1])}' is misspelled or not recognized by the system.")
    verb, flags, rest = " ".join(argv[1:3]), {}, argv[3:]
    need(verb in FLAGS, f"'{verb}' is misspelled or not recognized by the system.")
    while rest:
        flag, rest = rest[0], rest[1:]
        need(flag in FLAGS[verb] | COMMON, f"unrecognized arguments: {flag}")
        values = []
        while rest and not rest[0].startswith("--"):
            values.append(rest[0])
            rest = rest[1:]
        need(flag not in flags, f"{flag} twice")
        need(flag == "--tags" or len(values) == (flag != "--yes"), f"argument {flag}: {values}")
        flags[flag] = values if flag == "--tags" else "".join(values)
    need("--resource-group" in flags, "the following arguments are required: --resource-group/-g")
    return verb, flags


def shares(text, names):
    found = {name: int(share) for name, share in (pair.split("=") for pair in text.split())}
    need(set(found) <= set(names), f"no deployment {set(found) - set(names)}")
    return found


def endpoint(verb, flags, state):
    known = state["endpoint"]
    if verb == "list":
        return [known] if known else []
    if verb == "create":
        need(not known, "Endpoint already exists")
        with open(flags["--file"]) as f:
            known = json.load(f)
        need(not known.get("traffic"), "traffic to deployments that do not exist")
        state["endpoint"] = known | {"provisioning_state": "Succeeded", "traffic": {}, "mirror_traffic": {}, "scoring_uri": "https://x/score"}
        return state["endpoint"]
    need(known and known["name"] == flags["--name"], "(ResourceNotFound) there is no such endpoint")
    if verb == "update":
        if "--file" in flags:
            known["traffic"] = {}
        if "--traffic" in flags:
            known["traffic"] = shares(flags["--traffic"], state["deployments"])
            need(sum(known["traffic"].values()) in (0, 100), "Traffic must sum to 0 or 100")
        if "--mirror-traffic" in flags:
            known["mirror_traffic"] = shares(flags["--mirror-traffic"], state["deployments"])
    if verb == "invoke":
        with open(flags["--request-file"]) as f:
            json.load(f)
        name = flags.get("--deployment-name") or max(known["traffic"], key=known["traffic"].get, default=None)
        need(name in state["deployments"] and state["deployments"][name]["provisioning_state"] == "Succeeded", "404: no such deployment")
        replies = load("plan.json", {}).get("replies", [])
        asked = state["invoked"] = state.get("invoked", 0) + 1
        return replies[min(asked, len(replies)) - 1] if replies else json.dumps({"predictions": [1, 1, -1, -1], "model_version": "1"})
    return known


def deployment(verb, flags, state):
    need(state["endpoint"], "(ResourceNotFound) there is no endpoint")
    known = state["deployments"]
    if verb == "list":
        for one in known.values():
            if one.get("slow", 0) > 0:
                one["slow"] -= 1
            elif one["provisioning_state"] in ("Creating", "Updating"):
                one["provisioning_state"] = one.pop("becomes", "Succeeded")
        return list(known.values())
    if verb in ("create", "update"):
        with open(flags["--file"]) as f:
            given = json.load(f)
        name = given["name"]
        need((name in known) == (verb == "update"), f"{name}: already exists, or does not")
        need(not state["endpoint"]["traffic"].get(name), f"{name} is live, and was about to be overwritten")
        plan = load("plan.json", {})
        known[name] = given | {"provisioning_state": "Creating" if verb == "create" else "Updating", "slow": 2} | plan.get("deployment", {})
        return known[name]
    name = flags["--name"]
    need(name in known, "(ResourceNotFound) there is no such deployment")
    if verb == "delete":
        need(not state["endpoint"]["traffic"].get(name), f"{name} is live, and was about to be deleted")
        del known[name]
        return None
    return "a line of the container\nscorelet: cannot load the bundle\n"


def model(verb, flags, state):
    key = f"{flags['--registry-name']}/{flags['--name']}/{flags['--version']}"
    known = state["models"]
    if verb == "show":
        need(key in known, "(UserError) The specified resource was not found.")
        return known[key]
    need(key not in known, f"{key} already exists")
    known[key] = dict(tag.split("=", 1) for tag in flags["--tags"])["scorelet_digest"]
    return None


def main():
    argv = sys.argv[1:]
    calls = load("calls.json", [])
    save("calls.json", calls + [argv])
    state = load("state.json", {"endpoint": None, "deployments": {}, "models": {}})
    plan = load("plan.json", {})
    fails = len(calls) == plan.get("fail_at") or (plan.get("forever") and len(calls) >= plan.get("fail_at", len(calls) + 1))
    try:
        need(not fails or plan.get("carried_out"), "(ServiceUnavailable) come back later")
        verb, flags = parse(argv)
        group, verb = verb.split()
        answer = {"online-endpoint": endpoint, "online-deployment": deployment, "model": model}[group](verb, flags, state)
        save("state.json", state)
        # Where traffic stands after each call: what clients meet.
        save("history.json", load("history.json", []) + [(state["endpoint"] or {}).get("traffic", {})])
        need(not fails, "Connection aborted.")
    except Refused as e:
        print("WARNING: this command is in preview\nERROR: " + str(e), file=sys.stderr)
        sys.exit(3 if "NotFound" in str(e) else 1)
    if flags.get("--output") == "json":
        print(json.dumps(answer))
    elif flags.get("--output") != "none" and answer is not None:
        print(answer)


main()
