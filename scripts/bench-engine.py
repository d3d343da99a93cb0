#!/usr/bin/env python3
"""Measures prediction alone, without HTTP and JSON, beside scikit-learn, ONNX Runtime and tl2cgen in the same run.

    scripts/bench-engine.py [--only TEXT] [--quick] [--no-growth]

Models are trained here, with pinned packages in a venv of this script's own (.venv-bench). Every engine answers with one
thread; rounds take turns, time is that of the processor. A ratio is the median of the rounds' own ratios. scikit-learn and
ONNX Runtime are called from Python, ONNX Runtime with bound inputs and outputs; what its call costs with a model that does
nothing is measured too and taken off before it is compared. tl2cgen's C is compiled with gcc -O2 and called from a loop in C.
Forests get rows that are rounded to float32, which all of them compare in. Agreement is the largest difference to
scikit-learn's answer over 1,000 rows. Writes benches/results/engine.md and engine.json.
"""
import argparse, ctypes, os, statistics, subprocess, sys, tempfile, time, warnings

import bench_engines

bench_engines.enter()

import joblib
import numpy as np
import onnx
import onnxruntime
import sklearn
from sklearn import cluster, datasets, ensemble, linear_model, neighbors, neural_network, svm
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType


ROWS = 10_000
COMPILE_SECONDS = 100
warnings.filterwarnings("ignore")


def cases():
    """Name, group, fitted estimator, 10,000 rows, method."""
    random = np.random.RandomState(0)
    breast, malignant = datasets.load_breast_cancer(return_X_y=True)
    breast = (breast - breast.mean(0)) / breast.std(0)
    breast_rows = breast[random.randint(0, len(breast), ROWS)] + random.randn(ROWS, breast.shape[1]) * 0.1
    diabetes, progress = datasets.load_diabetes(return_X_y=True)
    diabetes_rows = diabetes[random.randint(0, len(diabetes), ROWS)] + random.randn(ROWS, diabetes.shape[1]) * 0.005
    wide, label = datasets.make_classification(20_000, 28, n_informative=12, flip_y=0.2, random_state=1)
    wide_rows = wide[:ROWS] + random.randn(ROWS, 28) * 0.05
    number = wide @ random.randn(28) + np.sin(wide[:, 0] * 3) * 5 + random.randn(len(wide))
    few, few_label, few_rows = wide[:, :8], label, wide_rows[:, :8]

    forest = dict(n_estimators=100, random_state=0, n_jobs=2)
    yield "random forest, 100 trees, 4k nodes", "small forest", ensemble.RandomForestClassifier(**forest).fit(breast, malignant), breast_rows, "predict_proba"
    yield "random forest, 500 trees, 21k nodes", "forest", ensemble.RandomForestClassifier(**(forest | {"n_estimators": 500})).fit(breast, malignant), breast_rows, "predict_proba"
    yield "random forest regression, 100 trees, 54k nodes", "forest", ensemble.RandomForestRegressor(**forest).fit(diabetes, progress), diabetes_rows, "predict"
    yield "isolation forest, 100 trees", "forest", ensemble.IsolationForest(**forest).fit(wide), wide_rows, "score_samples"
    yield "gradient boosting, 100 trees of depth 6", "forest", ensemble.GradientBoostingRegressor(max_depth=6, random_state=0).fit(wide[:4000], number[:4000]), wide_rows, "predict"
    yield "histogram gradient boosting, 100 trees", "forest", ensemble.HistGradientBoostingRegressor(random_state=0).fit(wide, number), wide_rows, "predict"
    yield "random forest, 100 trees of 20,000 rows", "large forest", ensemble.RandomForestClassifier(**forest).fit(wide, label), wide_rows, "predict_proba"
    yield "random forest regression, 100 trees of 20,000 rows", "large forest", ensemble.RandomForestRegressor(**(forest | {"max_features": "sqrt"})).fit(wide, number), wide_rows, "predict"
    yield "logistic regression, 30 features", "other", linear_model.LogisticRegression().fit(breast, malignant), breast_rows, "predict_proba"
    yield "logistic regression, 10 classes", "other", linear_model.LogisticRegression(max_iter=2000).fit(*datasets.load_digits(return_X_y=True)), digits(random), "predict_proba"
    yield "ridge, 28 features", "other", linear_model.Ridge().fit(wide, number), wide_rows, "predict"
    yield "k-means, 8 clusters", "other", cluster.KMeans(8, n_init=1, random_state=0).fit(wide), wide_rows, "predict"
    yield "k-means, 100 clusters", "other", cluster.KMeans(100, n_init=1, random_state=0).fit(wide), wide_rows, "predict"
    yield "SVC, rbf, breast cancer", "other", svm.SVC().fit(breast, malignant), breast_rows, "decision_function"
    yield "SVC, rbf, 3,000 rows", "other", svm.SVC().fit(wide[:3000], label[:3000]), wide_rows, "decision_function"
    yield "5 neighbours, k-d tree, 20,000 rows of 8", "other", neighbors.KNeighborsClassifier(algorithm="kd_tree").fit(few, few_label), few_rows, "predict"
    yield "5 neighbours, brute, 5,000 rows of 28", "other", neighbors.KNeighborsClassifier(algorithm="brute").fit(wide[:5000], label[:5000]), wide_rows, "predict"
    yield "perceptron, 100 hidden", "other", neural_network.MLPClassifier(max_iter=60, random_state=0).fit(wide[:5000], label[:5000]), wide_rows, "predict_proba"
    yield "perceptron, 200 + 100 hidden, tanh", "other", neural_network.MLPRegressor(hidden_layer_sizes=(200, 100), activation="tanh", max_iter=20, random_state=0).fit(wide[:5000], number[:5000]), wide_rows, "predict"


def digits(random):
    rows = datasets.load_digits(return_X_y=True)[0]
    return rows[random.randint(0, len(rows), ROWS)] + random.randn(ROWS, rows.shape[1]) * 0.1


class Scorelet:
    name = "scorelet"

    def __init__(self, binary, model, x, method, folder):
        bundle, matrix = os.path.join(folder, "model.joblib"), os.path.join(folder, "matrix")
        joblib.dump({"model": model, "scaler": None, "feature_order": [f"f{k}" for k in range(x.shape[1])]}, bundle)
        x.tofile(matrix)
        self.method = method
        self.process = subprocess.Popen([binary, bundle, matrix], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def ask(self, request):
        print(request, file=self.process.stdin, flush=True)
        return [float(word) for word in self.process.stdout.readline().split()]

    def time(self, rows, seconds):
        return self.ask(f"time {self.method} {rows} {seconds}")[0]

    def answer(self, rows):
        return np.array(self.ask(f"answer {self.method} {rows}"))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Called:
    """An engine that is called from this process."""

    def time(self, rows, seconds):
        call, calls = self.caller(rows), 0
        call(0)
        began, used = time.perf_counter(), time.process_time_ns()
        while calls == 0 or time.perf_counter() - began < seconds:
            call(calls % (len(self.x) // rows) * rows)
            calls += 1
        return (time.process_time_ns() - used) / (calls * rows)

    def close(self):
        pass


class ScikitLearn(Called):
    name = "scikit-learn"

    def __init__(self, model, x, method):
        self.model, self.x = model.set_params(n_jobs=1) if "n_jobs" in model.get_params() else model, x
        self.method = getattr(model, method)

    def caller(self, rows):
        return lambda at: self.method(self.x[at:at + rows])

    def answer(self, rows):
        answer = self.method(self.x[:rows])
        if answer.ndim == 1 and hasattr(self.model, "classes_") and self.method.__name__ == "predict":
            answer = np.searchsorted(self.model.classes_, answer)
        return np.asarray(answer, dtype=float).ravel()


class OnnxRuntime(Called):
    name = "ONNX Runtime"

    def __init__(self, model, x, method):
        wanted = {"predict_proba": {"zipmap": False}, "decision_function": {"zipmap": False, "raw_scores": True}}
        options = {id(model): wanted[method]} if method in wanted else None
        made = convert_sklearn(model, initial_types=[("X", FloatTensorType([None, x.shape[1]]))], options=options, target_opset={"": 17, "ai.onnx.ml": 3})
        self.start(made.SerializeToString(), x, -1 if method in ("predict_proba", "decision_function", "score_samples") else 0)

    def start(self, made, x, output):
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = settings.inter_op_num_threads = 1
        settings.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(made, settings, providers=["CPUExecutionProvider"])
        self.x = np.ascontiguousarray(x, dtype=np.float32)
        self.output = self.session.get_outputs()[output].name

    def caller(self, rows):
        binding = self.session.io_binding()
        binding.bind_output(self.output, "cpu")
        width = self.x.shape[1]

        def call(at):
            binding.bind_input("X", "cpu", 0, np.float32, (rows, width), self.x[at:at + rows].ctypes.data)
            self.session.run_with_iobinding(binding)
        return call

    def answer(self, rows):
        return np.asarray(self.session.run([self.output], {"X": self.x[:rows]})[0], dtype=float).ravel()


class Nothing(OnnxRuntime):
    """A model that gives back its input: what the call itself costs."""

    def __init__(self, x):
        shape = lambda name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, x.shape[1]])
        graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["X"], ["Y"])], "nothing", [shape("X")], [shape("Y")])
        made = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
        self.start(made.SerializeToString(), x, 0)


LOOP = """
#include "header.h"
void loop(const double* x, long rows, long columns, long width, double* out) {
  union Entry row[columns];
  for (long r = 0; r < rows; r++, out += width) {
    for (long c = 0; c < columns; c++) row[c].fvalue = x[r * columns + c];
    memset(out, 0, width * sizeof(double));
    predict(row, 0, out);
  }
}
"""


class Tl2cgen(Called):
    name = "tl2cgen"

    def __init__(self, model, x, folder):
        import tl2cgen, treelite
        tl2cgen.generate_c_code(treelite.sklearn.import_model(model), dirpath=folder, params={"parallel_comp": 8}, verbose=False)
        with open(os.path.join(folder, "loop.c"), "w") as file:
            file.write(LOOP)
        sources = [name for name in os.listdir(folder) if name.endswith(".c")]
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", "model.so", *sources, "-lm"], cwd=folder, check=True, timeout=COMPILE_SECONDS)
        self.loop = ctypes.CDLL(os.path.join(folder, "model.so")).loop
        self.loop.argtypes = [ctypes.c_void_p, ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_void_p]
        self.width = len(getattr(model, "classes_", [0]))
        self.x, self.out = np.ascontiguousarray(x), np.zeros(len(x) * self.width)

    def caller(self, rows):
        # One row at a time is what it does anyway: all of them in one call, so that the call costs nothing.
        def call(at):
            self.loop(self.x.ctypes.data, len(self.x), self.x.shape[1], self.width, self.out.ctypes.data)
        return call

    def time(self, rows, seconds):
        return super().time(len(self.x), seconds)

    def answer(self, rows):
        self.caller(rows)(0)
        return self.out[:rows * self.width].copy()


def engines(binary, model, x, method, group, folder):
    yield Scorelet(binary, model, x, method, folder)
    yield ScikitLearn(model, x, method)
    try:
        yield OnnxRuntime(model, x, method)
    except Exception as problem:
        print(f"  no ONNX: {str(problem).splitlines()[0][:100]}", file=sys.stderr)
    nodes = sum(tree.tree_.node_count for tree in np.ravel(getattr(model, "estimators_", []))) if "forest" in group else 0
    if 0 < nodes < 13_000:
        try:
            code = os.path.join(folder, "c")
            yield Tl2cgen(model, x, code)
        except Exception as problem:
            print(f"  no tl2cgen: {str(problem).splitlines()[0][:100]}", file=sys.stderr)


def compare(binary, name, group, model, x, method, rounds):
    """A result for 1 row at a time and for 10,000: ns for each row by engine, and ratios to each."""
    if "forest" in group and "histogram" not in name:
        x = x.astype(np.float32).astype(float)
    with tempfile.TemporaryDirectory() as folder:
        sides = list(engines(binary, model, x, method, group, folder))
        expected = sides[1].answer(1000)
        differences = {side.name: float(np.max(np.abs(side.answer(1000) - expected) / np.maximum(1, np.abs(expected)))) if side.answer(1000).shape == expected.shape else None for side in sides}
        nothing = Nothing(x)
        for rows in (1, ROWS):
            taken = {side.name: [] for side in sides}
            empty = []
            for _ in range(rounds):
                for side in sides:
                    taken[side.name].append(side.time(rows, args.seconds))
                empty.append(nothing.time(rows, args.seconds / 4))
            net = {engine: [max(t - e, 1.0) for t, e in zip(times, empty)] if engine == OnnxRuntime.name else times for engine, times in taken.items()}
            ratios = {engine: statistics.median(own / other for own, other in zip(net["scorelet"], times)) for engine, times in net.items() if engine != "scorelet"}
            yield dict(model=name, group=group, rows=rows, method=method, ns={e: statistics.median(t) for e, t in taken.items()}, onnx_call_ns=statistics.median(empty), ratios=ratios, best=max(ratios, key=ratios.get), difference=differences, raw=taken)
        for side in sides:
            side.close()


def growth(binary):
    """ns for each row of scorelet and scikit-learn, as rows, trees and features grow."""
    random = np.random.RandomState(2)

    def pair(what, value, model, x, method, rows):
        with tempfile.TemporaryDirectory() as folder:
            sides = [Scorelet(binary, model, x, method, folder), ScikitLearn(model, x, method)]
            times = [[side.time(rows, args.seconds) for side in sides] for _ in range(3)]
            sides[0].close()
        own, other = (statistics.median(column) for column in zip(*times))
        yield dict(what=what, value=value, rows=rows, ns=own, scikit_learn_ns=other, ratio=statistics.median(a / b for a, b in times))

    x, y = datasets.make_classification(4000, 30, n_informative=10, flip_y=0.1, random_state=3)
    x = x.astype(np.float32).astype(float)
    many = np.tile(x, (25, 1)) + random.randn(100_000, 30).astype(np.float32) * 0.05
    settings = dict(max_depth=8, random_state=0, n_jobs=2)
    forest = ensemble.RandomForestClassifier(100, **settings).fit(x, y)
    for rows in (1, 10, 100, 1000, 10_000, 100_000):
        yield from pair("rows, random forest of 100 trees", rows, forest, many, "predict_proba", rows)
    ridge = linear_model.Ridge().fit(x, y)
    for rows in (1, 100, 10_000, 100_000):
        yield from pair("rows, ridge of 30 features", rows, ridge, many, "predict", rows)
    large = ensemble.RandomForestClassifier(2000, **settings).fit(x, y)
    trees = large.estimators_
    for count in (10, 30, 100, 300, 1000, 2000):
        large.estimators_ = trees[:count]
        for rows in (1, ROWS):
            yield from pair("trees", count, large, many[:ROWS], "predict_proba", rows)
    for features in (5, 30, 100, 300, 1000):
        x, y = datasets.make_classification(3000, features, n_informative=min(10, features - 2), n_redundant=0, flip_y=0.1, random_state=4)
        some = np.tile(x, (2, 1))
        models = {"random forest of 100 trees": ensemble.RandomForestClassifier(100, **settings).fit(x, y), "ridge": linear_model.Ridge().fit(x, y)}
        for name, model in models.items():
            for rows in (1, 5000):
                yield from pair(f"features, {name}", features, model, some, "predict" if name == "ridge" else "predict_proba", rows)


GOALS = {("small forest", 1): 0.5, ("forest", 1): 0.2, ("large forest", 1): 0.2, ("small forest", ROWS): 0.1, ("forest", ROWS): 0.1, ("large forest", ROWS): 0.3}


def text(head, results, grown):
    ns = lambda value: "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
    lines = [f"<!-- {head} -->", "", "ns of one thread for each row; the ratio is scorelet to the best of the others.", ""]
    names = [ScikitLearn.name, OnnxRuntime.name, Tl2cgen.name]
    for rows in (1, ROWS):
        lines += [f"## {rows:,} row{'s' if rows > 1 else ' at a time'}", "", "| model | scorelet | " + " | ".join(names) + " | best | ratio | goal | scorelet differs by |", "|---|---:|" + "---:|" * len(names) + "---|---:|---:|---:|"]
        for r in (r for r in results if r["rows"] == rows):
            cells = [ns(r["ns"].get(name)) for name in ["scorelet", *names]]
            goal = GOALS.get((r["group"], rows), 1.0)
            lines.append(f"| {r['model']} | " + " | ".join(cells) + f" | {r['best']} | {r['ratios'][r['best']]:.3f} | {goal} | {r['difference']['scorelet']:.0e} |")
        calls = statistics.median(r["onnx_call_ns"] for r in results if r["rows"] == rows)
        lines += ["", f"A call of ONNX Runtime that computes nothing costs {calls * rows / 1e3:.1f} µs; the ratio leaves it out.", ""]
    if grown:
        lines += ["## Growth", "", "| what grows | to | rows in a call | scorelet | scikit-learn | ratio |", "|---|---:|---:|---:|---:|---:|"]
        lines += [f"| {g['what']} | {g['value']:,} | {g['rows']:,} | {ns(g['ns'])} | {ns(g['scikit_learn_ns'])} | {g['ratio']:.3f} |" for g in grown]
    return "\n".join(lines) + "\n"


def main():
    binary = bench_engines.built(args.binary)
    before, rounds = os.getloadavg()[0], 3 if args.quick else args.rounds
    results = []
    for name, group, model, x, method in cases():
        if args.only in name:
            print(name, file=sys.stderr)
            for result in compare(binary, name, group, model, x, method, rounds):
                results.append(result)
                print("  " + ", ".join(f"{engine} {ns:,.0f}" for engine, ns in result["ns"].items()) + f" ns: {result['ratios'][result['best']]:.3f} of {result['best']}", file=sys.stderr)
    grown = [] if args.quick or args.only or args.no_growth else list(growth(binary))
    head = bench_engines.head("scripts/bench-engine.py", rounds, before, sklearn, onnxruntime)
    written = text(head, results, grown)
    if args.only or args.quick:
        print(written, end="")
    else:
        bench_engines.write("engine", written, dict(head=head, results=results, growth=grown))


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--only", default="", help="models whose name holds this text; prints and writes nothing")
parser.add_argument("--quick", action="store_true", help="three rounds, no growth; prints and writes nothing")
parser.add_argument("--no-growth", action="store_true", help="leaves the table of growth out")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--seconds", type=float, default=0.15, help="of each engine in each round")
parser.add_argument("--binary", help="a built benches/bundle instead of building it")
args = parser.parse_args()
main()
