//! The same of families with arrays that must agree with each other: clusters, kernels, imputers, splines.

use super::{Build, check, reasons};
use crate::value::{Id, Node};

/// A module of `sklearn` and a class in it.
const BISECTING: &str = "sklearn.cluster._bisect_k_means.BisectingKMeans";
const CLUSTER: &str = "sklearn.cluster._bisect_k_means._BisectingTree";
const PROCESS: &str = "sklearn.gaussian_process._gpr.GaussianProcessRegressor";
const ITERATIVE: &str = "sklearn.impute._iterative.IterativeImputer";

impl Build {
    fn int(&mut self, value: i64) -> Id {
        self.add(Node::Int(value))
    }

    fn float(&mut self, value: f64) -> Id {
        self.add(Node::Float(value))
    }

    fn bool(&mut self, value: bool) -> Id {
        self.add(Node::Bool(value))
    }
}

#[test]
fn centers_and_labels_must_agree() {
    const BIRCH: &str = "sklearn.cluster._birch.Birch";
    for (labels, fits) in [(&[0, 1][..], true), (&[0][..], false)] {
        let expected = ["subcluster_labels_: 1 labels for 2 subclusters"];
        check(
            |b| {
                let (centers, labels) = (b.array(&[2, 1], &[0.0, 1.0]), b.ints(labels));
                b.object(BIRCH, &[("subcluster_centers_", centers), ("subcluster_labels_", labels)])
            },
            if fits { &[] } else { &expected },
        );
    }
    check(
        |b| {
            let centers = b.row(&[0.0, 1.0]);
            b.object("sklearn.cluster._mean_shift.MeanShift", &[("cluster_centers_", centers)])
        },
        &["cluster_centers_: expected a matrix"],
    );
    check(
        |b| {
            let affinity = b.text("precomputed");
            b.object("sklearn.cluster._affinity_propagation.AffinityPropagation", &[("affinity", affinity)])
        },
        &["affinity='precomputed', which has no predict, is not supported"],
    );
}

#[test]
fn splits_of_clusters_are_a_tree() {
    let model = |b: &mut Build, tree: Id| {
        let centers = b.array(&[1, 2], &[0.0; 2]);
        b.object(BISECTING, &[("cluster_centers_", centers), ("_bisecting_tree", tree)])
    };
    let leaf = |b: &mut Build, center: &[f64]| {
        let (center, label) = (b.row(center), b.int(0));
        b.object(CLUSTER, &[("center", center), ("label", label)])
    };
    let split = |b: &mut Build, left, right| b.object(CLUSTER, &[("left", left), ("right", right)]);
    check(
        |b| {
            let (left, right) = (leaf(b, &[0.0; 2]), leaf(b, &[1.0; 2]));
            let root = split(b, left, right);
            model(b, root)
        },
        &[],
    );
    check(
        |b| {
            let both = leaf(b, &[0.0; 2]);
            let root = split(b, both, both);
            model(b, root)
        },
        &["the same cluster stands in two places"],
    );
    check(
        |b| {
            let (left, right) = (leaf(b, &[0.0; 2]), leaf(b, &[1.0; 3]));
            let root = split(b, left, right);
            model(b, root)
        },
        &["its center has 3 numbers for 2 features"],
    );
    check(
        |b| {
            let left = leaf(b, &[0.0; 2]);
            let root = b.object(CLUSTER, &[("left", left)]);
            model(b, root)
        },
        &["a cluster is split in two or not at all"],
    );
}

#[test]
fn a_kernel_model_has_a_coefficient_for_each_row() {
    for (kernel, rows, expected) in [
        ("linear", 2, &[][..]),
        ("linear", 3, &["dual_coef_: 2 coefficients for 3 training rows"][..]),
        ("chi2", 2, &["kernel='chi2' and no gamma is not supported"][..]),
        ("wavelet", 2, &["kernel=\"wavelet\" is not supported"][..]),
    ] {
        check(
            |b| {
                let (kernel, dual) = (b.text(kernel), b.row(&[1.0; 2]));
                let rows = b.array(&[rows, 1], &vec![1.0; rows]);
                let attributes = [("kernel", kernel), ("dual_coef_", dual), ("X_fit_", rows)];
                b.object("sklearn.kernel_ridge.KernelRidge", &attributes)
            },
            expected,
        );
    }
}

#[test]
fn two_tables_have_the_same_features() {
    for (columns, targets, expected) in [
        (2, 1, &[][..]),
        (3, 1, &["coef_: expected a row of 2 for each target"][..]),
        (2, 2, &["coef_: 1 rows, but 2 intercepts"][..]),
    ] {
        check(
            |b| {
                let (mean, scale) = (b.row(&[0.0; 2]), b.row(&[1.0; 2]));
                let (rotations, coef) = (b.array(&[2, 1], &[1.0; 2]), b.array(&[1, columns], &vec![1.0; columns]));
                let intercept = b.row(&vec![0.0; targets]);
                let attributes = [
                    ("_x_mean", mean),
                    ("_x_std", scale),
                    ("x_rotations_", rotations),
                    ("coef_", coef),
                    ("intercept_", intercept),
                ];
                b.object("sklearn.cross_decomposition._pls.PLSRegression", &attributes)
            },
            expected,
        );
    }
}

/// A process of two rows.
fn process(b: &mut Build, kernel: Id, alpha: &[f64]) -> Id {
    let (rows, alpha, zero, one) = (b.array(&[2, 1], &[0.0, 1.0]), b.row(alpha), b.float(0.0), b.float(1.0));
    let attributes =
        [("X_train_", rows), ("kernel_", kernel), ("alpha_", alpha), ("_y_train_mean", zero), ("_y_train_std", one)];
    b.object(PROCESS, &attributes)
}

#[test]
fn a_kernel_is_an_expression_that_ends() {
    let constant = |b: &mut Build| {
        let value = b.float(1.0);
        b.object("sklearn.gaussian_process.kernels.ConstantKernel", &[("constant_value", value)])
    };
    let sum = |b: &mut Build, k1, k2| b.object("sklearn.gaussian_process.kernels.Sum", &[("k1", k1), ("k2", k2)]);
    for (alpha, expected) in [(2, &[][..]), (3, &["alpha_: expected a number for each of 2 rows"][..])] {
        check(
            |b| {
                let (k1, k2) = (constant(b), constant(b));
                let kernel = sum(b, k1, k2);
                process(b, kernel, &vec![1.0; alpha])
            },
            expected,
        );
    }
    // Twenty sums, each of the one before with itself: a million kernels in a hundred nodes.
    check(
        |b| {
            let mut kernel = constant(b);
            for _ in 0..20 {
                kernel = sum(b, kernel, kernel);
            }
            process(b, kernel, &[1.0; 2])
        },
        &["the same object stands in too many places"],
    );
    check(
        |b| {
            let (nu, scale) = (b.float(200.0), b.float(1.0));
            let kernel = b.object("sklearn.gaussian_process.kernels.Matern", &[("nu", nu), ("length_scale", scale)]);
            process(b, kernel, &[1.0; 2])
        },
        &["Matern with nu=200 (above 0 and up to 100 is read) is not supported"],
    );
    check(
        |b| {
            let scale = b.row(&[1.0; 3]);
            let kernel = b.object("sklearn.gaussian_process.kernels.RBF", &[("length_scale", scale)]);
            process(b, kernel, &[1.0; 2])
        },
        &["kernel_.length_scale: 3 length scales for 1 features"],
    );
}

#[test]
fn imputers_name_columns_that_are_there() {
    let with = |column: i64, neighbors: &'static [i64], features: usize, expected: &[&str]| {
        check(
            |b| {
                let (nan, mean, statistics) = (b.float(f64::NAN), b.text("mean"), b.row(&[1.0, 2.0]));
                let attributes = [("missing_values", nan), ("strategy", mean), ("statistics_", statistics)];
                let initial = b.object("sklearn.impute._base.SimpleImputer", &attributes);
                let parts = vec![b.int(column), b.ints(neighbors), b.ridge(features)];
                let triplet = b.add(Node::Tuple(parts));
                let sequence = b.add(Node::List(vec![triplet]));
                let (n, rounds) = (b.int(2), b.int(1));
                let (least, most) = (b.row(&[f64::NEG_INFINITY; 2]), b.row(&[f64::INFINITY; 2]));
                let attributes = [
                    ("n_features_in_", n),
                    ("initial_imputer_", initial),
                    ("imputation_sequence_", sequence),
                    ("n_iter_", rounds),
                    ("_min_value", least),
                    ("_max_value", most),
                ];
                b.object(ITERATIVE, &attributes)
            },
            expected,
        );
    };
    with(0, &[1], 1, &[]);
    with(2, &[1], 1, &["imputation_sequence_[0][0]: not among 2 columns"]);
    with(0, &[-1], 1, &["imputation_sequence_[0][1]: not among 2 columns"]);
    with(0, &[1, 1, 1], 3, &["more neighbors than columns"]);
    with(0, &[1], 2, &["takes 2 features, but 1 are handed to it"]);
    check(
        |b| {
            let random = b.bool(true);
            b.object(ITERATIVE, &[("sample_posterior", random)])
        },
        &["sample_posterior=True, whose answers are random, is not supported"],
    );
}

#[test]
fn splines_have_knots_for_their_degree() {
    let knots = [-1.0, 0.0, 1.0, 2.0];
    for (knots, degree, rows, fits) in [
        (knots, 1, 2, true),
        (knots, 1, 1, false),
        (knots, 4, 2, false),
        ([0.0, 1.0, 0.5, 2.0], 1, 2, false),
        ([f64::NAN; 4], 1, 2, false),
    ] {
        let reasons = reasons(|b| {
            let (t, c, k) = (b.row(&knots), b.array(&[rows, 2], &vec![1.0; rows * 2]), b.int(degree));
            let spline = b.object("scipy.interpolate._bsplines.BSpline", &[("t", t), ("c", c), ("k", k)]);
            let (list, how) = (b.add(Node::List(vec![spline])), b.text("constant"));
            let attributes = [("extrapolation", how), ("degree", k), ("bsplines_", list)];
            b.object("sklearn.preprocessing._polynomial.SplineTransformer", &attributes)
        });
        assert_eq!(reasons.is_empty(), fits, "{knots:?} {degree} {rows}: {reasons:?}");
    }
}

#[test]
fn a_selection_goes_by_what_the_file_holds() {
    for (getter, threshold, expected) in [
        ("auto", "mean", &[][..]),
        ("coef_", "0.5 * median", &[][..]),
        ("coef_", "most", &["threshold: \"most\" is no threshold"][..]),
        ("named_steps.clf.coef_", "mean", &["\"named_steps.clf.coef_\", which the file does not hold,"][..]),
        ("feature_importances_", "mean", &["the importances of a Ridge is not supported"][..]),
    ] {
        check(
            |b| {
                let estimator = b.ridge(2);
                let (getter, threshold, order) = (b.text(getter), b.text(threshold), b.int(1));
                let attributes = [
                    ("estimator_", estimator),
                    ("importance_getter", getter),
                    ("threshold", threshold),
                    ("norm_order", order),
                ];
                b.object("sklearn.feature_selection._from_model.SelectFromModel", &attributes)
            },
            expected,
        );
    }
}
