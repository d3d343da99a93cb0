//! The same of transformers: texts, sparse matrices, factorizations, maps, selectors.

use super::{Build, check};
use crate::value::{Id, Name, Node, Object};

impl Build {
    fn global(&mut self, module: &'static str, name: &'static str) -> Id {
        self.add(Node::Global(Box::new(Name { module: module.into(), name: name.into() })))
    }

    fn number(&mut self, value: f64) -> Id {
        self.add(Node::Float(value))
    }

    fn integer(&mut self, value: i64) -> Id {
        self.add(Node::Int(value))
    }

    fn truth(&mut self, value: bool) -> Id {
        self.add(Node::Bool(value))
    }

    /// Terms with the columns that they count in.
    fn vocabulary(&mut self, terms: &[(&'static str, i64)]) -> Id {
        let pairs = terms.iter().map(|(term, place)| (self.text(term), self.integer(*place))).collect();
        self.add(Node::Dict(pairs))
    }

    /// A vectorizer of words with usual options, but those in `more`.
    fn vectorizer(&mut self, class: &'static str, more: &[(&'static str, Id)]) -> Id {
        let (content, word, dtype) = (self.text("content"), self.text("word"), self.global("numpy", "float64"));
        let (pattern, one, terms) = (self.text(r"(?u)\b\w\w+\b"), self.ints(&[1, 1]), self.vocabulary(&[("ab", 0)]));
        let usual = [
            ("input", content),
            ("analyzer", word),
            ("dtype", dtype),
            ("token_pattern", pattern),
            ("ngram_range", one),
            ("vocabulary_", terms),
        ];
        self.object(class, &[&usual, more].concat())
    }

    /// A sparse matrix of compressed rows.
    fn sparse(&mut self, shape: &[i64], starts: &[i64], places: &[i64], values: &[f64]) -> Id {
        let (shape, starts, places) = (self.ints(shape), self.ints(starts), self.ints(places));
        let data = self.row(values);
        let parts = [("_shape", shape), ("indptr", starts), ("indices", places), ("data", data)];
        self.object("scipy.sparse._csr.csr_matrix", &parts)
    }
}

#[test]
fn terms_have_columns_of_their_own() {
    const COUNTS: &str = "sklearn.feature_extraction.text.CountVectorizer";
    check(|b| b.vectorizer(COUNTS, &[]), &[]);
    for terms in [&[("a", 0), ("b", 0)][..], &[("a", 0), ("b", 2)], &[("a", -1)], &[("a", 0), ("a", 1)]] {
        check(
            |b| {
                let terms = b.vocabulary(terms);
                b.vectorizer(COUNTS, &[("vocabulary_", terms)])
            },
            &[if terms[0].1 < 0 { "expected an integer from 0" } else { "each with a column of its own" }],
        );
    }
    check(
        |b| {
            let terms = b.vocabulary(&[]);
            b.vectorizer(COUNTS, &[("vocabulary_", terms)])
        },
        &["it holds no terms"],
    );
}

#[test]
fn texts_are_taken_apart_in_known_ways() {
    const COUNTS: &str = "sklearn.feature_extraction.text.CountVectorizer";
    let mine = |b: &mut Build| b.global("__main__", "split");
    let refused = |key: &'static str, make: &dyn Fn(&mut Build) -> Id, expected: &str| {
        check(
            |b| {
                let value = make(b);
                b.vectorizer(COUNTS, &[(key, value)])
            },
            &[expected],
        );
    };
    refused("tokenizer", &mine, "a tokenizer of one's own (__main__.split) is not supported");
    refused("preprocessor", &mine, "a preprocessor of one's own (__main__.split) is not supported");
    refused("analyzer", &mine, "an analyzer of one's own (__main__.split) is not supported");
    refused("strip_accents", &mine, "strip_accents=__main__.split is not supported");
    refused("token_pattern", &|b| b.text(r"\w+|\d+"), "token_pattern=\"\\\\w+|\\\\d+\" (runs of one class");
    refused("input", &|b| b.text("filename"), "input=\"filename\", which reads files, is not supported");
    refused("ngram_range", &|b| b.ints(&[0, 2]), "ngram_range: expected a least and a greatest");
    refused("ngram_range", &|b| b.ints(&[3, 2]), "ngram_range: expected a least and a greatest");
    refused("dtype", &|b| b.global("numpy", "uint8"), "a dtype in which it rounds or overflows is not supported");
    refused("stop_words", &|b| b.text("french"), "\"french\" is no list of stop words");
}

#[test]
fn weights_are_as_many_as_terms() {
    check(
        |b| {
            let idf = b.row(&[1.0, 2.0]);
            let weights = b.object("sklearn.feature_extraction.text.TfidfTransformer", &[("idf_", idf)]);
            b.vectorizer("sklearn.feature_extraction.text.TfidfVectorizer", &[("_tfidf", weights)])
        },
        &["_tfidf.idf_: 2 weights for 1 terms"],
    );
    check(
        |b| {
            let many = b.integer(1 << 40);
            b.vectorizer("sklearn.feature_extraction.text.HashingVectorizer", &[("n_features", many)])
        },
        &["more than 4194304"],
    );
}

#[test]
fn sparse_matrices_are_whole() {
    let check = |shape: &[i64], starts: &[i64], places: &[i64], expected: &[&str]| {
        check(
            |b| {
                let matrix = b.sparse(shape, starts, places, &vec![1.0; places.len()]);
                b.object("sklearn.random_projection.SparseRandomProjection", &[("components_", matrix)])
            },
            expected,
        );
    };
    let none = &["it is no sparse matrix of compressed rows"][..];
    check(&[2, 3], &[0, 1, 2], &[2, 0], &[]);
    check(&[2, 3], &[0, 1, 2], &[3, 0], none);
    check(&[2, 3], &[0, 1, 2], &[-1, 0], none);
    check(&[2, 3], &[0, 2, 1], &[0, 1], none);
    check(&[2, 3], &[0, 1, 9], &[0, 1], none);
    check(&[3, 3], &[0, 1, 2], &[0, 1], none);
    check(&[0, 3], &[0], &[], &["there are no components"]);
}

#[test]
fn a_sparse_matrix_is_not_kept_whole_where_that_takes_far_more() {
    for (columns, fits) in [(1 << 10, true), (1 << 40, false)] {
        let expected = ["are too sparse to be kept whole"];
        check(
            |b| {
                let rows = b.sparse(&[1, columns], &[0, 1], &[0], &[1.0]);
                let (dual, intercept, kernel) = (b.array(&[1, 1], &[1.0]), b.row(&[0.0]), b.text("linear"));
                let attributes =
                    [("kernel", kernel), ("support_vectors_", rows), ("_dual_coef_", dual), ("_intercept_", intercept)];
                b.object("sklearn.svm._classes.SVR", &attributes)
            },
            if fits { &[] } else { &expected },
        );
    }
}

#[test]
fn a_density_has_a_tree_over_its_rows() {
    let density = |order: &[i64], weights: &[f64], expected: &[&str]| {
        check(
            |b| {
                let (rows, order, weights) = (b.array(&[2, 1], &[0.0, 1.0]), b.ints(order), b.row(weights));
                let rest = b.add(Node::None);
                let parts = [&[rows, order][..], &[rest; 10], &[weights]].concat();
                let state = Some(b.add(Node::Tuple(parts)));
                let kind = b.global("sklearn.neighbors._kd_tree", "KDTree");
                let class = Name { module: "sklearn.neighbors._kd_tree".into(), name: "newObj".into() };
                let tree = Object { class, args: vec![kind], state, items: vec![], entries: vec![], offset: 0 };
                let (tree, metric, none) = (b.add(Node::Object(Box::new(tree))), b.text("euclidean"), rest);
                let attributes = [("tree_", tree), ("metric", metric), ("metric_params", none)];
                b.object("sklearn.neighbors._kde.KernelDensity", &attributes)
            },
            expected,
        );
    };
    density(&[0, 2], &[1.0, 1.0], &["tree_: its order is not one of 2 rows"]);
    density(&[0, 1], &[1.0, 1.0], &["expected a structured array"]);
    check(
        |b| {
            let tree = b.object("sklearn.neighbors._kd_tree.newObj", &[]);
            b.object("sklearn.neighbors._kde.KernelDensity", &[("tree_", tree)])
        },
        &["expected a list, found a dict"],
    );
}

#[test]
fn arrays_of_factorizations_agree() {
    check(
        |b| {
            let (components, mean, noise) = (b.array(&[1, 2], &[1.0, 2.0]), b.row(&[0.0; 2]), b.row(&[1.0, 0.0]));
            let attributes = [("components_", components), ("mean_", mean), ("noise_variance_", noise)];
            b.object("sklearn.decomposition._factor_analysis.FactorAnalysis", &attributes)
        },
        &["noise_variance_ is not a number above 0 for each feature"],
    );
    check(
        |b| {
            let (components, mean, alpha) = (b.array(&[2, 1], &[1.0, 1.0]), b.row(&[0.0]), b.number(0.0));
            let attributes = [("components_", components), ("mean_", mean), ("ridge_alpha", alpha)];
            b.object("sklearn.decomposition._sparse_pca.SparsePCA", &attributes)
        },
        &["components that depend on each other is not supported"],
    );
    check(
        |b| {
            let (values, vectors) = (b.row(&[1.0]), b.array(&[2, 1], &[1.0; 2]));
            let (means, mean, kernel) = (b.row(&[0.0; 3]), b.number(0.0), b.text("precomputed"));
            let means = [("K_fit_rows_", means), ("K_fit_all_", mean)];
            let centerer = b.object("sklearn.preprocessing._data.KernelCenterer", &means);
            let attributes =
                [("kernel", kernel), ("eigenvalues_", values), ("eigenvectors_", vectors), ("_centerer", centerer)];
            b.object("sklearn.decomposition._kernel_pca.KernelPCA", &attributes)
        },
        &["eigenvectors_: expected 1 components of 3 rows"],
    );
    for (solver, expected) in [("newton", "solver=\"newton\""), ("mu", "beta_loss=\"itakura-saito\"")] {
        check(
            |b| {
                let (components, solver) = (b.array(&[1, 1], &[1.0]), b.text(solver));
                let loss = b.text("itakura-saito");
                let attributes = [("components_", components), ("solver", solver), ("beta_loss", loss)];
                b.object("sklearn.decomposition._nmf.NMF", &attributes)
            },
            &[expected],
        );
    }
    check(
        |b| {
            let (dictionary, how) = (b.array(&[1, 1], &[1.0]), b.text("lasso_lars"));
            let attributes = [("dictionary", dictionary), ("transform_algorithm", how)];
            b.object("sklearn.decomposition._dict_learning.SparseCoder", &attributes)
        },
        &["transform_algorithm=\"lasso_lars\" is not supported"],
    );
}

#[test]
fn maps_stay_within_their_columns() {
    for (place, expected) in [(1, &[][..]), (2, &["indexHash_: a place beyond 2 columns"]), (-1, &["a place beyond"])] {
        check(
            |b| {
                let (n, gamma, coef0) = (b.integer(2), b.number(1.0), b.integer(0));
                let (signs, place) = (b.array(&[1, 1], &[-1.0]), b.integer(place));
                let places = b.add(Node::Array(Box::new(crate::value::Array {
                    dtype: crate::value::DType::Object,
                    shape: vec![1, 1],
                    fortran: false,
                    data: crate::value::ArrayData::Objects(vec![place]),
                })));
                let attributes = [
                    ("n_components", n),
                    ("gamma", gamma),
                    ("coef0", coef0),
                    ("indexHash_", places),
                    ("bitHash_", signs),
                ];
                b.object("sklearn.kernel_approximation.PolynomialCountSketch", &attributes)
            },
            expected,
        );
    }
    check(
        |b| {
            let (kernel, rows) = (b.text("linear"), b.array(&[2, 1], &[1.0; 2]));
            let normalization = b.array(&[1, 2], &[1.0; 2]);
            let attributes = [("kernel", kernel), ("components_", rows), ("normalization_", normalization)];
            b.object("sklearn.kernel_approximation.Nystroem", &attributes)
        },
        &["normalization_: expected a square matrix for 2 rows"],
    );
    for (labels, expected) in
        [(&[0, 1][..], &[][..]), (&[0, 2], &["2 is no group of 2 columns"]), (&[1, 1], &["a group without a column"])]
    {
        check(
            |b| {
                let (labels, pool) = (b.ints(labels), b.global("numpy", "mean"));
                let attributes = [("labels_", labels), ("pooling_func", pool)];
                b.object("sklearn.cluster._agglomerative.FeatureAgglomeration", &attributes)
            },
            expected,
        );
    }
}

#[test]
fn selectors_keep_columns_that_are_there() {
    let eliminated = |support: &[f64], takes: usize, expected: &[&str]| {
        check(
            |b| {
                let (support, asked, estimator) = (b.row(support), b.ridge(1), b.ridge(takes));
                let attributes = [("support_", support), ("estimator", asked), ("estimator_", estimator)];
                b.object("sklearn.feature_selection._rfe.RFE", &attributes)
            },
            expected,
        );
    };
    eliminated(&[1.0, 0.0, 1.0], 2, &[]);
    eliminated(&[1.0, 0.0, 1.0], 3, &["estimator_: takes 3 features, but 2 are handed to it"]);
    eliminated(&[0.0, 0.0], 1, &["it keeps no columns"]);
    for (features, expected) in
        [(&[1][..], &[][..]), (&[2], &["features_: expected some of 2 columns"]), (&[], &["no column that had a gap"])]
    {
        check(
            |b| {
                let (features, n, nan) = (b.ints(features), b.integer(2), b.number(f64::NAN));
                let (only, refuses) = (b.text("missing-only"), b.truth(true));
                let attributes = [
                    ("features_", features),
                    ("_n_features", n),
                    ("missing_values", nan),
                    ("features", only),
                    ("error_on_new", refuses),
                ];
                b.object("sklearn.impute._base.MissingIndicator", &attributes)
            },
            expected,
        );
    }
}
