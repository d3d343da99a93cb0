#!/usr/bin/env python3
"""Every operator that docs/onnx.md lists, by itself: served by the binary, and compared with ONNX Runtime.

    .venv-onnx/bin/python tests/python/onnx_operators.py [--only NAME]

CASES holds one graph or more for each; what is listed without a case, and a case of what is not listed, is a failure. That
the page lists what the program computes is a test of the program's own (tests/it/onnx.rs).
"""
import argparse, os, re, tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

from harness import ROOT, Checks, Server

X = np.array([[0.25, -1.5, 3.0], [2.0, 0.0, -0.5], [-3.25, 1.0, 1.0], [1.0, 2.0, 2.5], [0.5, 0.5, -2.0]], np.float32)
SPLITS = ("nodes_treeids=[0,0,0,1,1,1], nodes_nodeids=[0,1,2,0,1,2], nodes_featureids=[1,0,0,2,0,0], nodes_truenodeids=[1,0,0,1,0,0], "
          "nodes_falsenodeids=[2,0,0,2,0,0], nodes_values=[0.5,0.0,0.0,1.0,0.0,0.0]")
LEAVES = lambda kind, weights: f"{kind}_treeids=[0,0,1,1], {kind}_nodeids=[1,2,1,2], {kind}_ids=[0,0,0,0], {kind}_weights={weights}"
MODES = lambda mode: f'nodes_modes=["{mode}","LEAF","LEAF","{mode}","LEAF","LEAF"]'
TREES = lambda mode, more="": f'Y = ai.onnx.ml.TreeEnsembleRegressor<n_targets=1, {SPLITS}, {MODES(mode)}, {LEAVES("target", "[1.0,2.5,-0.75,4.0]")}{more}>(X)'
CLASSES = f'l, Y = ai.onnx.ml.TreeEnsembleClassifier<classlabels_int64s=[0,1], post_transform="LOGISTIC", {SPLITS}, {MODES("BRANCH_LT")}, {LEAVES("class", "[1.0,-2.5,-0.75,4.0]")}>(X)'
SUPPORT = 'kernel_type="RBF", kernel_params=[0.5,0.0,3.0], support_vectors=[1.0,0.5,0.0,-1.0,0.0,2.0]'
WORDS = 'w = ai.onnx.ml.LabelEncoder<keys_int64s=[0,1,2], values_strings=["a","b","c"], default_string="d">(i)'
INTS = "i = Cast<to=7>(X)"
unary = lambda name: f"Y = {name}(X)"
# A positive matrix, and whole numbers.
positive = lambda name: f"p = Abs(X) q = Add(p, X2) Y = {name}(q)"
compared = lambda name: f"b = {name}(X, H) Y = Cast<to=1>(b)"
logical = lambda name: f"a = Greater(X, H) c = Less(X, X2) b = {name}(a, c) Y = Cast<to=1>(b)"
reduced = lambda name: f"p = Abs(X) Y = {name}<keepdims=1>(p, one)"

# Operator to the bodies of graphs that take X (float, 3 columns) and give Y. H and X2 are rows of constants, `one`, `zero`
# and `two` lists of one integer.
CASES = {
    **{n: [unary(n)] for n in "Abs Ceil Cos Erf Exp Floor Identity Neg Relu Round Sigmoid Sign Sin Softplus Tanh".split()},
    **{n: [positive(n)] for n in "Log Reciprocal Sqrt".split()},
    **{n: [f"Y = {n}(X, H)"] for n in "Add Sub Mul Div Max Min Sum Mean".split()},
    **{n: [compared(n)] for n in "Equal Greater GreaterOrEqual Less LessOrEqual".split()},
    **{n: [logical(n)] for n in "And Or Xor".split()},
    **{n: [reduced(n), f"p = Abs(X) q = {n}<keepdims=0>(p, one) Y = Unsqueeze(q, one)"] for n in
       "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare".split()},
    "ArgMax": ["i = ArgMax<axis=1>(X) Y = Cast<to=1>(i)", "i = ArgMax<axis=1, select_last_index=1>(X) Y = Cast<to=1>(i)"],
    "ArgMin": ["i = ArgMin<axis=1>(X) Y = Cast<to=1>(i)"],
    "Cast": [f"{INTS} Y = Cast<to=1>(i)", "d = Cast<to=11>(X) e = Mul(d, d) Y = Cast<to=1>(e)", "b = Cast<to=9>(X) Y = Cast<to=1>(b)"],
    "CastLike": ["i = CastLike(X, one) Y = Cast<to=1>(i)"],
    "Clip": ["a = Constant<value_float=-1.0>() b = Constant<value_float=1.5>() Y = Clip(X, a, b)"],
    "Concat": ["Y = Concat<axis=1>(X, X)"],
    "Constant": ["c = Constant<value_floats=[1.0,2.0,4.0]>() Y = Mul(X, c)"],
    "ConstantOfShape": ["s = Shape(X) z = ConstantOfShape<value=float[1] {1.5}>(s) Y = Add(X, z)"],
    "CumSum": ["a = Constant<value_int=1>() Y = CumSum(X, a)", "a = Constant<value_int=1>() Y = CumSum<exclusive=1, reverse=1>(X, a)"],
    "Expand": ["m = ReduceMax(X, one) s = Shape(X) Y = Expand(m, s)"],
    "Flatten": ["t = Unsqueeze(X, two) Y = Flatten<axis=1>(t)"],
    "Gather": ["i = Constant<value_ints=[2,0]>() Y = Gather<axis=1>(X, i)"],
    "GatherElements": ["i = ArgMax<axis=1>(X) Y = GatherElements<axis=1>(X, i)"],
    "GatherND": ["t = Transpose(X) i = Constant<value=int64[2,1] {2,0}>() g = GatherND(t, i) Y = Transpose(g)"],
    "Gemm": ["w = Constant<value=float[2,3] {1.0,2.0,3.0,-1.0,0.5,2.0}>() Y = Gemm<alpha=0.5, transB=1>(X, w)"],
    "IsInf": ["z = Sub(X, X) d = Div(X, z) b = IsInf(d) Y = Cast<to=1>(b)"],
    "IsNaN": ["p = Log(X) b = IsNaN(p) Y = Cast<to=1>(b)"],
    "LogSoftmax": ["Y = LogSoftmax<axis=1>(X)"],
    "LpNormalization": ["Y = LpNormalization<axis=1, p=1>(X)", "Y = LpNormalization<axis=-1, p=2>(X)"],
    "MatMul": ["w = Constant<value=float[3,2] {1.0,2.0,3.0,-1.0,0.5,2.0}>() Y = MatMul(X, w)"],
    "Mod": [f"{INTS} m = Constant<value_ints=[2]>() j = Mod(i, m) Y = Cast<to=1>(j)"],
    "Not": ["a = Greater(X, H) b = Not(a) Y = Cast<to=1>(b)"],
    "Pow": ["p = Abs(X) Y = Pow(p, X2)"],
    "Reshape": ["s = Constant<value_ints=[-1,3,1]>() t = Reshape(X, s) u = Constant<value_ints=[0,-1]>() Y = Reshape(t, u)"],
    "Scan": ["Y = Scan<num_scan_inputs=1, body = b (float[3] x) => (float[3] y) { y = Mul(x, x) }>(X)"],
    "SequenceConstruct": None,  # gives no tensor: the multi-output trees of onnx_runtime.py have it
    "Shape": ["s = Shape(X) f = Cast<to=1>(s) i = Constant<value_int=1>() n = Gather(f, i) Y = Mul(X, n)"],
    "Slice": ["Y = Slice(X, one, three, one)", "m = Neg(one) b = Constant<value_ints=[-9]>() Y = Slice(X, m, b, one, m)"],
    "Softmax": ["Y = Softmax<axis=1>(X)"],
    "Split": ["s = Constant<value_ints=[1,2]>() a, b = Split<axis=1>(X, s) Y = Concat<axis=1>(b, a)"],
    "Squeeze": ["t = Unsqueeze(X, two) Y = Squeeze(t, two)"],
    "Tile": ["r = Constant<value_ints=[1,2]>() Y = Tile(X, r)"],
    "TopK": ["v, i = TopK<axis=1>(X, two) f = Cast<to=1>(i) Y = Concat<axis=1>(v, f)", "v, i = TopK<axis=1, largest=0>(X, two) Y = Identity(v)"],
    "Transpose": ["t = Transpose(X) u = Neg(t) Y = Transpose<perm=[1,0]>(u)"],
    "Unsqueeze": ["t = Unsqueeze(X, two) Y = Squeeze(t, two)"],
    "Where": ["b = Greater(X, H) Y = Where(b, X, X2)"],
    "ai.onnx.ml.ArrayFeatureExtractor": ["i = Constant<value_ints=[2,1]>() Y = ai.onnx.ml.ArrayFeatureExtractor(X, i)"],
    "ai.onnx.ml.Binarizer": ["Y = ai.onnx.ml.Binarizer<threshold=0.3>(X)"],
    "ai.onnx.ml.CategoryMapper": [f'{INTS} {WORDS} j = ai.onnx.ml.CategoryMapper<cats_strings=["a","b"], cats_int64s=[5,7], default_int64=-1>(w) Y = Cast<to=1>(j)'],
    "ai.onnx.ml.FeatureVectorizer": ["Y = ai.onnx.ml.FeatureVectorizer<inputdimensions=[3,3]>(X, X)"],
    "ai.onnx.ml.Imputer": ["Y = ai.onnx.ml.Imputer<imputed_value_floats=[9.0,8.0,7.0], replaced_value_float=0.5>(X)"],
    "ai.onnx.ml.LabelEncoder": [f"{INTS} j = ai.onnx.ml.LabelEncoder<keys_int64s=[0,1,2], values_int64s=[4,5,6], default_int64=-7>(i) Y = Cast<to=1>(j)",
                                f'{INTS} {WORDS} Y = ai.onnx.ml.LabelEncoder<keys_strings=["a","d"], values_floats=[0.5,1.5], default_float=-2.5>(w)'],
    "ai.onnx.ml.LinearClassifier": [f'l, Y = ai.onnx.ml.LinearClassifier<classlabels_ints=[0,1,2], coefficients=[1.0,2.0,3.0,-1.0,0.5,2.0,0.0,1.0,0.0], intercepts=[0.5,0.0,-1.0], post_transform="{p}">(X)' for p in ("NONE", "SOFTMAX", "LOGISTIC")],
    "ai.onnx.ml.LinearRegressor": ["Y = ai.onnx.ml.LinearRegressor<coefficients=[1.0,2.0,3.0,-1.0,0.5,2.0], intercepts=[0.5,0.0], targets=2>(X)"],
    "ai.onnx.ml.Normalizer": [f'Y = ai.onnx.ml.Normalizer<norm="{n}">(X)' for n in ("MAX", "L1", "L2")],
    "ai.onnx.ml.OneHotEncoder": [f"{INTS} a = Gather<axis=1>(i, one) o = ai.onnx.ml.OneHotEncoder<cats_int64s=[-1,0,2], zeros=1>(a) s = Constant<value_ints=[-1,3]>() Y = Reshape(o, s)"],
    "ai.onnx.ml.SVMClassifier": [f'l, Y = ai.onnx.ml.SVMClassifier<classlabels_ints=[0,1], coefficients=[1.5,-1.5], rho=[0.25], vectors_per_class=[1,1], {SUPPORT}>(X)'],
    "ai.onnx.ml.SVMRegressor": [f"Y = ai.onnx.ml.SVMRegressor<coefficients=[1.5,-1.5], rho=[0.25], n_supports=2, {SUPPORT}>(X)",
                                "Y = ai.onnx.ml.SVMRegressor<coefficients=[1.5,-1.5], rho=[0.25], n_supports=2, kernel_type=\"POLY\", kernel_params=[0.5,1.0,3.0], support_vectors=[1.0,0.5,0.0,-1.0,0.0,2.0]>(X)"],
    "ai.onnx.ml.Scaler": ["Y = ai.onnx.ml.Scaler<offset=[1.0,0.5,0.0], scale=[2.0,0.5,3.0]>(X)"],
    "ai.onnx.ml.TreeEnsembleClassifier": [CLASSES],
    "ai.onnx.ml.TreeEnsembleRegressor": [*(TREES(f"BRANCH_{m}") for m in ("LEQ", "LT", "GTE", "GT", "EQ", "NEQ")), TREES("BRANCH_LEQ", ', aggregate_function="AVERAGE", base_values=[0.5]'),
                                         TREES("BRANCH_LEQ", ', aggregate_function="MIN"'), TREES("BRANCH_LEQ", ', aggregate_function="MAX"')],
    "ai.onnx.ml.ZipMap": None,  # gives no tensor: most classifiers of onnx_runtime.py have it
    "com.microsoft.CDist": [f'c = Constant<value=float[2,3] {{1.0,2.0,3.0,-1.0,0.5,2.0}}>() Y = com.microsoft.CDist<metric="{m}">(X, c)' for m in ("euclidean", "sqeuclidean")],
}
MODEL = """<ir_version: 8, opset_import: ["" : 18, "ai.onnx.ml" : 3, "com.microsoft" : 1]>
one_operator (float[N,3] X) => (float[N,M] Y)
<float[1,3] H = {{0.5,0.0,1.0}}, float[1,3] X2 = {{1.5,2.0,0.25}}, int64[1] zero = {{0}}, int64[1] one = {{1}}, int64[1] two = {{2}}, int64[1] three = {{3}}>
{{ {body} }}"""


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--only", help="only this operator")
    a = ap.parse_args()
    checks = Checks()
    if not a.only:
        checks.run("the list of docs/onnx.md", listed)
    bounds = tolerances()
    for name, bodies in CASES.items():
        for at, body in enumerate(bodies or []):
            if a.only in (None, name):
                checks.run(f"{name} ({at})", case, name, body, bounds.get(full(name), 0.0))
    checks.finish()


def tolerances():
    """What the page says of each operator: 0 where every bit is the same, else the relative difference."""
    rows = re.findall(r"^\| `([\w.]+)` \| (\S+) \|", Path(ROOT, "docs/onnx.md").read_text(), re.M)
    return {name: 0.0 if bound == "=" else float(bound) for name, bound in rows}


def full(name):
    return name if "." in name else f"ai.onnx.{name}"


def listed():
    known, tested = set(tolerances()), {full(name) for name in CASES}
    assert known == tested, f"listed without a case: {sorted(known - tested)}; not listed: {sorted(tested - known)}"


def case(name, body, allowed):
    model = onnx.parser.parse_model(MODEL.format(body=body))
    assert any(f"{node.domain}.{node.op_type}".lstrip(".") == name for node in model.graph.node), "the graph has no such operator"
    options = ort.SessionOptions()
    options.log_severity_level = 4
    expected = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"]).run(None, {"X": X})[0]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        Path(path).write_bytes(model.SerializeToString())
        with Server(path) as server:
            for rows, wanted in ((X, expected), (X[:1], expected[:1])):
                status, reply = server.score({"input_data": rows.tolist()})
                assert status == 200, reply
                found = reply.get("predictions", reply.get("transform"))
                found = np.array(found, float).reshape(len(rows), -1)
                wanted = np.where(np.isfinite(wanted), wanted.astype(float), np.nan)  # JSON has one word for all of them
                assert found.shape == wanted.shape, f"shape {found.shape}, not {wanted.shape}"
                assert np.allclose(found, wanted, rtol=allowed, atol=0, equal_nan=True), f"beyond {allowed}: {found.tolist()}, not {wanted.tolist()}"


if __name__ == "__main__":
    main()
