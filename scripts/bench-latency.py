#!/usr/bin/env python3
"""Measures latency at half load, and how the cost of a request grows, beside the floor in the same run.

    scripts/bench-latency.py [--rounds N] [--seconds S]

The floor is ../shared/tools/peers's axum server that parses the JSON and answers a constant (set up with `setup.sh floor`), the
load is wrk's with one thread. "half load": 16 connections whose pauses are set so that the floor gets half of the requests a
second that it could answer; scorelet gets the same pauses. "connections" and "rows" ask as fast as answers come. CPU is the
server's own processor time by request. Rounds take turns; a ratio is the median of the rounds' own ratios to the floor. Writes
benches/results/latency.md and latency.json.
"""
import argparse, json, os, re, statistics, subprocess, sys, tempfile, time

import bench_engines

PEERS = os.path.join(bench_engines.ROOT, "..", "shared", "tools", "peers")
if not os.path.exists(os.path.join(PEERS, "lib.py")):
    raise SystemExit("no ../shared/tools/peers here: nothing to measure against")
sys.path.insert(0, PEERS)
import lib

# A pause of a millisecond after `share` of 1000 answers.
LUA = """
local share
function init(args)
  local file = io.open(args[1], "rb")
  wrk.body, wrk.method = file:read("*a"), "POST"
  file:close()
  wrk.headers["Content-Type"] = "application/json"
  share = tonumber(args[2])
  if share > 0 then delay = function() return math.random(1000) <= share and 1 or 0 end end
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


class Server:
    def __init__(self, name, command):
        self.name, self.port = name, lib.free_port()
        self.process = subprocess.Popen([part.format(port=self.port) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / lib.TICK

    def load(self, body, connections=16, share=0):
        """Requests a second, median and 99th percentile in ms, processor time for each request in µs."""
        before = self.cpu()
        said = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{args.seconds}s", "--timeout", "20s", "-s", os.path.join(scratch, "load.lua"), f"http://127.0.0.1:{self.port}/score", "--", body, str(share)],
                              stdout=subprocess.PIPE, text=True, check=True).stdout
        requests, took, errors, p50, p99 = map(int, re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", said).groups())
        if errors or not requests:
            raise SystemExit(f"{self.name}: {errors} errors in {requests} requests\n{said}")
        return dict(rate=requests / took * 1e6, p50=p50 / 1e3, p99=p99 / 1e3, cpu=(self.cpu() - before) * 1e6 / requests)


def table_of(rows, source):
    """A file with a request of that many rows."""
    with open(source) as file:
        records = json.load(file)["input_data"]
    path = os.path.join(scratch, f"{rows}.json")
    with open(path, "w") as file:
        json.dump({"input_data": [records[i % len(records)] for i in range(rows)]}, file)
    return path


def half(floor, body):
    """The share of pauses that leaves the floor half of its requests a second, and those."""
    target = statistics.median(floor.load(body)["rate"] for _ in range(3)) / 2
    low, high = 0, 1000
    while high - low > 20:
        middle = (low + high) // 2
        low, high = (middle, high) if floor.load(body, share=middle)["rate"] > target else (low, middle)
    return high, target


def measure(what, value, servers, **how):
    rounds = []
    for nth in range(args.rounds):
        found = {server.name: server.load(**how) for server in (servers if nth % 2 else servers[::-1])}
        rounds.append(found)
    return dict(what=what, value=value, rounds=rounds)


def line(result):
    """The table's line: medians, and ratios to the floor."""
    names = list(result["rounds"][0])
    names.remove("floor")
    middle = lambda name, key: statistics.median(round[name][key] for round in result["rounds"])
    ratio = lambda name, key: statistics.median(round[name][key] / max(round["floor"][key], 1e-9) for round in result["rounds"])
    for name in sorted(names):
        cells = [result["what"], f"{result['value']:,}", name, f"{middle(name, 'rate'):,.0f}", f"{middle(name, 'p50'):.2f}", f"{middle(name, 'p99'):.2f}",
                 f"{ratio(name, 'p99'):.2f}", f"{middle(name, 'cpu'):,.1f}", f"{ratio(name, 'cpu'):.2f}"]
        yield "| " + " | ".join(cells) + " |\n"


def results(servers, one):
    floor = next(server for server in servers if server.name == "floor")
    for server in servers:
        server.load(one)
    share, rate = half(floor, one)
    yield measure("half load of the floor, requests/s", round(rate), servers, body=one, share=share)
    for connections in (1, 4, 16, 64, 256, 1000):
        yield measure("connections, 1 row", connections, servers, body=one, connections=connections)
    for rows in (1, 10, 100, 1000, 10_000, 100_000):
        yield measure("rows, 4 connections", rows, servers, body=table_of(rows, lib.request_file("records", 100)), connections=4)


def main():
    before = os.getloadavg()[0]
    program = args.binary or bench_engines.program()
    floor = os.path.join(lib.PEERS, "floor", "target", "release", "floor")
    if not os.path.exists(floor):
        raise SystemExit("no floor: run ../shared/tools/peers/setup.sh floor")
    serve = lambda model: [program, "serve", os.path.join(lib.COMMON, model, "model_bundle.pkl"), "--host", "127.0.0.1", "--port", "{port}", "--max-body", "256MiB"]
    servers = [Server("floor", [floor, "{port}"]), Server("RandomForest", serve("rf")), Server("IsolationForest", serve("if"))]
    try:
        time.sleep(1)
        measured = list(results(servers, lib.request_file("records")))
    finally:
        for server in servers:
            server.process.terminate()
            server.process.wait()
    head = bench_engines.head("scripts/bench-latency.py", args.rounds, before)
    text = (f"<!-- {head} -->\n| what | value | model | requests/s | p50 ms | p99 ms | p99 ÷ floor's | CPU µs | CPU ÷ floor's |\n|---|---|---|---|---|---|---|---|---|\n"
            + "".join(text for result in measured for text in line(result)))
    bench_engines.write("latency", text, dict(head=head, results=measured))


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--seconds", type=int, default=2, help="of each server in each round")
parser.add_argument("--binary", help="a built scorelet instead of building it")
args = parser.parse_args()
with tempfile.TemporaryDirectory() as scratch:
    with open(os.path.join(scratch, "load.lua"), "w") as file:
        file.write(LUA)
    main()
