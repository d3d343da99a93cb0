//! `GaussianNB`, `BernoulliNB`, `MultinomialNB`, `ComplementNB`, `CategoricalNB`.

use super::attributes::{class_name, n_features, numbers, policy, vector};
use super::members::own_classes;
use super::{BuildError, Context};
use crate::model::NaiveBayes;
use crate::model::naive_bayes::Likelihood;
use crate::model::tree::pairwise_sum;
use crate::value::View;

/// Reads likelihoods and priors.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn naive_bayes(value: &View<'_, '_>, ctx: &mut Context) -> Result<NaiveBayes, BuildError> {
    let classes = own_classes(value, ctx)?;
    let n = classes.len();
    let (columns, likelihood, prior) = match class_name(value) {
        "GaussianNB" => {
            // `sigma_` to 1.0 has no reader.
            let (columns, mean) = table(value, "theta_", n, ctx)?;
            let (_, variance) = table(value, "var_", n, ctx)?;
            let prior = vector(value, "class_prior_", ctx)?.into_iter().map(f64::ln).collect();
            (columns, Likelihood::Gaussian { mean, variance }, prior)
        }
        "CategoricalNB" => {
            let tables = categories(value, n, ctx)?;
            let raw = ctx.sees_request();
            (tables.len(), Likelihood::Categories { tables, raw }, vector(value, "class_log_prior_", ctx)?)
        }
        name => {
            let (columns, mut weights) = table(value, "feature_log_prob_", n, ctx)?;
            let mut prior = vector(value, "class_log_prior_", ctx)?;
            if name == "ComplementNB" && n > 1 {
                prior = vec![0.0; prior.len()];
            }
            let mut threshold = None;
            if name == "BernoulliNB" {
                bernoulli(&mut weights, &mut prior, columns);
                threshold = value.some("binarize").map(|threshold| threshold.f64()).transpose()?;
            }
            (columns, Likelihood::Linear { weights, threshold }, prior)
        }
    };
    let n_features = n_features(value, Some(columns), ctx)?;
    let same = match &likelihood {
        Likelihood::Gaussian { mean, variance } => mean.len() == variance.len(),
        _ => true,
    };
    if prior.len() != n || !same {
        return Err(value.error(format!("priors and likelihoods are not for {n} classes")).into());
    }
    Ok(NaiveBayes { policy: policy(value, false), n_features, classes, prior, likelihood })
}

/// A row for each class, and how many columns.
fn table<'g>(value: &View<'g, '_>, key: &'g str, n: usize, ctx: &mut Context) -> Result<(usize, Vec<f64>), BuildError> {
    let table = value.attr(key)?;
    match table.shape()[..] {
        [rows, columns] if rows == n => Ok((columns, numbers(&table, ctx)?)),
        _ => Err(table.error(format!("expected a row for each of {n} classes, found {}", table.kind())).into()),
    }
}

/// What a feature that is 1 adds to one that is 0, and what all that are 0 add.
fn bernoulli(weights: &mut [f64], prior: &mut [f64], columns: usize) {
    for (row, prior) in weights.chunks_exact_mut(columns.max(1)).zip(prior) {
        let negative: Vec<f64> = row.iter().map(|log| (1.0 - log.exp()).ln()).collect();
        row.iter_mut().zip(&negative).for_each(|(log, negative)| *log -= negative);
        *prior += pairwise_sum(&negative);
    }
}

fn categories(value: &View<'_, '_>, n: usize, ctx: &mut Context) -> Result<Vec<Vec<f64>>, BuildError> {
    let mut tables = vec![];
    for table in value.attr("feature_log_prob_")?.items()? {
        match table.shape()[..] {
            [rows, columns] if rows == n && columns > 0 => tables.push(numbers(&table, ctx)?),
            _ => return Err(table.error(format!("expected a row for each of {n} classes")).into()),
        }
    }
    Ok(tables)
}
