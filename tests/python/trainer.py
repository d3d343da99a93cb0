"""Talks to examples/fit and compares what it fitted with scikit-learn's own state, attribute by attribute."""
import json, math, os, subprocess

import numpy as np

from harness import ROOT

EXAMPLE = os.environ.get("SCORELET_FIT", os.path.join(ROOT, os.environ.get("CARGO_TARGET_DIR", "target"), "debug", "examples", "fit"))


EXTENSIONS = ("sklearn.tree._tree", "sklearn.neighbors._kd_tree", "sklearn.neighbors._ball_tree", "sklearn.metrics._dist_metrics")


class Trainer:
    """One process that fits whatever it is asked to; ends with the `with` block."""

    def __enter__(self):
        self.process = subprocess.Popen([EXAMPLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def fit(self, name, X, y=None, params=None, kind="estimator", threads=2, quiet=False):
        """The reply to a request: `model`, `warnings`, `seconds`; or `error`."""
        names = list(X.columns) if hasattr(X, "columns") else []
        matrix = np.ascontiguousarray(X, dtype="<f8")
        request = {kind: name, "params": {k: literal(v) for k, v in (params or {}).items()}, "shape": matrix.shape,
                   "names": names, "target": None if y is None else np.asarray(y).tolist(), "threads": threads, "quiet": quiet}
        self.process.stdin.write(json.dumps(request).encode() + b"\n" + matrix.tobytes())
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def literal(value):
    return value if isinstance(value, str) else repr(value)


def differences(found, expected, tolerance=0.0, skip=(), path=""):
    """What differs between a dumped value and one of scikit-learn: texts, none when they are equal.

    `tolerance` is relative, to the largest magnitude of an array; 0 compares bits. Attributes in `skip` are left out."""
    def walk(f, e, at):
        return differences(f, e, tolerance, skip, at)
    if isinstance(found, dict) and "class" in found:
        name, args, state = description(expected)
        if found["class"] != name:
            return [f"{path}: {found['class']} instead of {name}"]
        known, wanted = set(found["state"]) - set(skip), set(state) - set(skip)
        wrong = [f"{path}: lacks {sorted(wanted - known)}, has {sorted(known - wanted)}"] if known != wanted else []
        wrong += [w for i, (f, e) in enumerate(zip(found["args"], args)) for w in walk(f, e, f"{path}({i})")]
        return wrong + [w for key in sorted(known & wanted) for w in walk(found["state"][key], state[key], f"{path}.{key}")]
    if isinstance(found, dict) and "bytes" in found:
        return array_differences(decoded(found), np.asarray(expected), tolerance, path)
    if isinstance(found, dict) and "objects" in found:
        expected = np.asarray(expected)
        same = list(expected.shape) == found["shape"] and list(expected.ravel()) == found["objects"]
        return [] if same else [f"{path}: {found['objects']} instead of {expected.ravel().tolist()}"]
    if isinstance(found, dict) and "float" in found:
        value = float(np.frombuffer(bytes.fromhex(found["float"]), ">f8")[0])
        if not isinstance(expected, (float, np.floating)):
            return [f"{path}: the float {value} instead of {expected!r}"]
        return array_differences(np.array([value]), np.array([float(expected)]), tolerance, path)
    if isinstance(found, dict) and "dict" in found:
        found, expected = found["dict"], [list(pair) for pair in expected.items()]
    if isinstance(found, dict) and "tuple" in found:
        found, expected = found["tuple"], list(expected) if isinstance(expected, tuple) else expected
    if isinstance(found, list) and isinstance(expected, list):
        wrong = [f"{path}: {len(found)} items instead of {len(expected)}"] if len(found) != len(expected) else []
        return wrong + [w for i, (f, e) in enumerate(zip(found, expected)) for w in walk(f, e, f"{path}[{i}]")]
    scalar = expected.item() if isinstance(expected, np.generic) else expected
    return [] if found == scalar and type(found) is type(scalar) else [f"{path}: {found!r} instead of {expected!r}"]


def description(value):
    """Class, constructor arguments and state of an object, as a pickle has them; a state that is a tuple has no names."""
    reduced = value.__reduce__() if type(value).__module__ in EXTENSIONS else None
    if reduced and reduced[0].__name__ == "newObj":
        reduced = reduced[0], (), {"state": reduced[2]}
    args, state = (reduced[1], reduced[2]) if reduced else ((), value.__getstate__())
    return f"{type(value).__module__}.{type(value).__name__}", args, state


def decoded(array):
    dtype = array["dtype"]
    if isinstance(dtype, dict):
        names, formats, offsets = zip(*dtype["fields"])
        dtype = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": dtype["itemsize"]})
    return np.frombuffer(bytes.fromhex(array["bytes"]), dtype).reshape(array["shape"])


def array_differences(found, expected, tolerance, path):
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return [f"{path}: {found.dtype}{found.shape} instead of {expected.dtype}{expected.shape}"]
    if found.dtype.names:
        return [w for n in found.dtype.names for w in array_differences(found[n], expected[n], tolerance, f"{path}.{n}")]
    if tolerance == 0.0 or found.dtype.kind != "f":
        if np.ascontiguousarray(found).tobytes() == np.ascontiguousarray(expected).tobytes():
            return []
        at = np.flatnonzero(found.ravel().view("u8" if found.itemsize == 8 else f"u{found.itemsize}")
                            != np.ascontiguousarray(expected).ravel().view("u8" if found.itemsize == 8 else f"u{found.itemsize}"))
        i = at[0]
        return [f"{path}: {len(at)} of {found.size} differ, first at {i}: {found.ravel()[i]!r} instead of {expected.ravel()[i]!r}"]
    scale = np.max(np.abs(expected), initial=0.0) or 1.0
    worst = float(np.max(np.abs(found - expected), initial=0.0) / scale)
    return [] if worst <= tolerance or math.isnan(worst) and np.isnan(found).tolist() == np.isnan(expected).tolist() else [
        f"{path}: {worst:.1e} off (allowed {tolerance:.0e}): {found.ravel()[:3]} instead of {expected.ravel()[:3]}"]
