//! `CountVectorizer`, `HashingVectorizer`, `TfidfVectorizer`, `TfidfTransformer`: how texts are taken apart, the terms that
//! were there, and their weights.

use super::attributes::{class_name, flag, n_features, numbers, policy};
use super::{BuildError, Context};
use crate::model::text::{Accents, Analyzer, ENGLISH, Places, RowNorm, Terms, TokenPattern, Weights};
use crate::model::{TfidfTransformer, Vectorizer};
use crate::value::{ValueError, View};
use std::collections::{BTreeMap, BTreeSet};

/// A row of that many numbers is 32 MiB.
const MOST_FEATURES: usize = 1 << 22;

/// Reads a `CountVectorizer` or a `TfidfVectorizer`.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or a function or an expression of the user's own takes texts
/// apart.
pub fn vectorizer(value: &View<'_, '_>, ctx: &mut Context) -> Result<Vectorizer, BuildError> {
    let terms = terms(value, ctx)?;
    let weights = match class_name(value) {
        "TfidfVectorizer" => {
            counts_exactly(value, &["float64", "float", "int64", "int"])?;
            weights(&value.attr("_tfidf")?, terms.len(), ctx)?
        }
        _ => {
            counts_exactly(value, &["int64", "int", "float64", "float", "int32", "uint32", "uint64"])?;
            Weights::NONE
        }
    };
    let example = terms.keys().map(AsRef::as_ref).max_by_key(|term: &&str| term.len()).unwrap_or_default().to_owned();
    build(value, &example, Places::Known(terms), weights, ctx)
}

/// Reads a `HashingVectorizer`, which learns nothing.
///
/// # Errors
/// As [`vectorizer`].
pub fn hashing_vectorizer(value: &View<'_, '_>, ctx: &mut Context) -> Result<Vectorizer, BuildError> {
    counts_exactly(value, &["float64", "float"])?;
    let n_features = match value.attr("n_features")?.usize()? {
        n @ 1..=MOST_FEATURES => n as u32,
        n => return Err(BuildError::option(value, format!("n_features={n} (more than {MOST_FEATURES})"))),
    };
    let places = Places::Hashed { n_features, alternate_sign: flag(value, "alternate_sign", true)? };
    let weights = Weights { norm: norm(value)?, ..Weights::NONE };
    build(value, "some text", places, weights, ctx)
}

/// Reads a `TfidfTransformer`.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn tfidf_transformer(value: &View<'_, '_>, ctx: &mut Context) -> Result<TfidfTransformer, BuildError> {
    let n_features = n_features(value, idf(value).map(|idf| idf.shape().iter().product()), ctx)?;
    Ok(TfidfTransformer { policy: policy(value, false), n_features, weights: weights(value, n_features, ctx)? })
}

fn build(
    value: &View<'_, '_>,
    example: &str,
    places: Places,
    weights: Weights,
    ctx: &mut Context,
) -> Result<Vectorizer, BuildError> {
    let built = Vectorizer { analyzer: analyzer(value)?, places, binary: flag(value, "binary", false)?, weights };
    ctx.takes_document(value, example, built.n_features_out())?;
    Ok(built)
}

/// That counts stay exact in the type that they are kept in.
fn counts_exactly(value: &View<'_, '_>, types: &[&str]) -> Result<(), BuildError> {
    let dtype = value.attr("dtype")?;
    match dtype.class() {
        Some(name) if types.contains(&name.name.as_ref()) => Ok(()),
        _ => Err(BuildError::option(value, "a dtype in which it rounds or overflows")),
    }
}

/// `vocabulary_`: each term with its own column.
fn terms(value: &View<'_, '_>, ctx: &mut Context) -> Result<BTreeMap<Box<str>, u32>, BuildError> {
    // One that is given is only copied when it is first used.
    let vocabulary = value.get("vocabulary_").map_or_else(|| value.attr("vocabulary"), Ok)?;
    ctx.read(&vocabulary)?;
    let places: Vec<(&str, usize)> = match vocabulary.items() {
        Ok(items) => {
            items.iter().enumerate().map(|(at, term)| Ok((term.str()?, at))).collect::<Result<_, ValueError>>()?
        }
        Err(_) => {
            let entries = vocabulary.entries()?;
            entries.iter().map(|(term, place)| Ok((*term, place.usize()?))).collect::<Result<_, ValueError>>()?
        }
    };
    let n = places.len();
    let mut free = vec![true; n];
    let mut terms = BTreeMap::new();
    for (term, place) in places {
        if !free.get_mut(place).is_some_and(std::mem::take) || terms.insert(term.into(), place as u32).is_some() {
            return Err(vocabulary.error(format!("expected {n} terms, each with a column of its own")).into());
        }
    }
    match n {
        0 => Err(vocabulary.error("it holds no terms").into()),
        1..=MOST_FEATURES => Ok(terms),
        _ => Err(BuildError::option(value, format!("{n} terms (more than {MOST_FEATURES})"))),
    }
}

fn analyzer(value: &View<'_, '_>) -> Result<Analyzer, BuildError> {
    let input = value.attr("input")?;
    if input.str()? != "content" {
        return Err(BuildError::option(value, format!("input={:?}, which reads files,", input.str()?)));
    }
    for key in ["preprocessor", "tokenizer"] {
        if let Some(function) = value.some(key) {
            return Err(BuildError::option(value, format!("a {key} of one's own ({})", shown(&function))));
        }
    }
    let accents = match value.some("strip_accents") {
        None => Accents::Keep,
        Some(strip) => match strip.str() {
            Ok("ascii") => Accents::Ascii,
            Ok("unicode") => Accents::Unicode,
            _ => return Err(BuildError::option(value, format!("strip_accents={}", shown(&strip)))),
        },
    };
    let range = value.attr("ngram_range")?;
    let lengths = match range.i64s()?[..] {
        [least, most] if 1 <= least && least <= most => (least as usize, usize::try_from(most).unwrap_or(usize::MAX)),
        _ => return Err(range.error("expected a least and a greatest number of tokens, from 1").into()),
    };
    let kind = value.attr("analyzer")?;
    let terms = match kind.str() {
        Ok("word") => Terms::Words { tokens: tokens(value)?, stop_words: stop_words(value)? },
        Ok("char") => Terms::Characters,
        Ok("char_wb") => Terms::CharactersOfWords,
        _ => return Err(BuildError::option(value, format!("an analyzer of one's own ({})", shown(&kind)))),
    };
    Ok(Analyzer { lowercase: flag(value, "lowercase", true)?, accents, terms, lengths })
}

fn tokens(value: &View<'_, '_>) -> Result<TokenPattern, BuildError> {
    let pattern = value.attr("token_pattern")?;
    let pattern = pattern.str()?;
    TokenPattern::parse(pattern).ok_or_else(|| {
        let least = r#"runs of one class of characters, such as r"\b\w+\b" or r"[a-z]{3,}", are read"#;
        BuildError::option(value, format!("token_pattern={pattern:?} ({least})"))
    })
}

fn stop_words(value: &View<'_, '_>) -> Result<BTreeSet<Box<str>>, BuildError> {
    let Some(words) = value.some("stop_words") else { return Ok(BTreeSet::new()) };
    match words.str() {
        Ok("english") => Ok(ENGLISH.split(' ').map(Into::into).collect()),
        Ok(other) => Err(words.error(format!("{other:?} is no list of stop words")).into()),
        Err(_) => Ok(words.strings()?.into_iter().map(String::into_boxed_str).collect()),
    }
}

fn norm(value: &View<'_, '_>) -> Result<Option<RowNorm>, BuildError> {
    let Some(norm) = value.some("norm") else { return Ok(None) };
    match norm.str()? {
        "l1" => Ok(Some(RowNorm::L1)),
        "l2" => Ok(Some(RowNorm::L2)),
        other => Err(BuildError::option(value, format!("norm={other:?}"))),
    }
}

/// Reads the weights of a `TfidfTransformer` for `n` terms.
fn weights(value: &View<'_, '_>, n: usize, ctx: &mut Context) -> Result<Weights, BuildError> {
    let idf = match flag(value, "use_idf", true)? {
        true => Some(idf(value).ok_or_else(|| value.error("it has no attribute idf_; was it fitted?"))?),
        false => None,
    };
    let idf = idf.map(|idf| Ok::<_, ValueError>((numbers(&idf, ctx)?, idf))).transpose()?;
    if let Some((factors, idf)) = &idf
        && factors.len() != n
    {
        return Err(idf.error(format!("{} weights for {n} terms", factors.len())).into());
    }
    let idf = idf.map(|(factors, _)| factors);
    Ok(Weights { sublinear: flag(value, "sublinear_tf", false)?, idf, norm: norm(value)? })
}

/// `idf_`; before 1.5 on the diagonal of a sparse matrix.
fn idf<'g, 'a>(value: &View<'g, 'a>) -> Option<View<'g, 'a>> {
    value.some("idf_").or_else(|| value.some("_idf_diag")?.some("data"))
}

/// A function by its name, for messages.
fn shown(value: &View<'_, '_>) -> String {
    value.class().map_or_else(|| value.kind(), |name| name.to_string())
}
