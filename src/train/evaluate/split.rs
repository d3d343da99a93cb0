//! Which rows are fitted and which are held out: the same rows, in the same order, as scikit-learn's
//! `train_test_split`, `KFold` and `StratifiedKFold` choose for the same seed.
//!
//! Source: scikit-learn 1.9.1 `model_selection/_split.py`, `utils/extmath.py`. Works on row numbers only; never sees a
//! value but the classes to stratify by and the times to order by.

use crate::train::grow::RandomState;

/// Row numbers of the two parts, in the order in which they are used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Split {
    pub train: Vec<usize>,
    pub holdout: Vec<usize>,
}

/// How many rows are held out, as scikit-learn reads `test_size`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TestSize {
    /// Every row is fitted.
    Nothing,
    /// Of all rows, above 0 and below 1; rounded up.
    Fraction(f64),
    Rows(usize),
}

/// Why rows cannot be split as asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SplitError {
    #[error(
        "{rows} rows cannot be split into {train} to fit and {holdout} to hold out\n  give more rows or another --test-size (0 fits on every row)"
    )]
    TooFewRows { rows: usize, train: usize, holdout: usize },
    #[error(
        "class {class} has {rows} row, and a stratified split needs 2 of each class\n  drop --stratify, or the class"
    )]
    RareClass { class: usize, rows: usize },
    #[error(
        "{part} rows cannot hold one row of each of the {classes} classes\n  give another --test-size, or drop --stratify"
    )]
    TooManyClasses { part: usize, classes: usize },
    #[error(
        "--cv {folds}: there must be 2 folds or more, and no more than {rows}, the rows{}",
        if *.stratified { " of the largest class" } else { "" }
    )]
    Folds { folds: usize, rows: usize, stratified: bool },
}

impl TestSize {
    /// Rows to fit and rows to hold out of `n`.
    fn of(self, n: usize) -> Result<(usize, usize), SplitError> {
        let holdout = match self {
            TestSize::Nothing => 0,
            TestSize::Fraction(fraction) => (fraction * n as f64).ceil() as usize,
            TestSize::Rows(rows) => rows,
        };
        let train = n.saturating_sub(holdout);
        match train == 0 || (holdout == 0 && self != TestSize::Nothing) {
            true => Err(SplitError::TooFewRows { rows: n, train, holdout }),
            false => Ok((train, holdout)),
        }
    }
}

/// `train_test_split(shuffle=True)` of `n` rows.
///
/// # Errors
/// When one of the parts would be empty.
pub fn shuffled(n: usize, size: TestSize, seed: u32) -> Result<Split, SplitError> {
    let (train, holdout) = size.of(n)?;
    if holdout == 0 {
        return Ok(Split { train: (0..n).collect(), holdout: Vec::new() });
    }
    let order: Vec<usize> = permutation(&mut RandomState::new(seed), n);
    Ok(Split { holdout: order[..holdout].to_vec(), train: order[holdout..holdout + train].to_vec() })
}

/// `train_test_split(stratify=classes)`: each class, numbered from 0, has its share in both parts.
///
/// # Errors
/// When a class has a single row, or a part is smaller than the number of classes.
pub fn stratified(classes: &[u32], size: TestSize, seed: u32) -> Result<Split, SplitError> {
    let (train, holdout) = size.of(classes.len())?;
    if holdout == 0 {
        return Ok(Split { train: (0..classes.len()).collect(), holdout: Vec::new() });
    }
    let mut of_class = rows_by_class(classes);
    if let Some(class) = of_class.iter().position(|rows| rows.len() == 1) {
        return Err(SplitError::RareClass { class, rows: 1 });
    }
    of_class.retain(|rows| !rows.is_empty());
    if let Some(part) = [train, holdout].into_iter().find(|part| *part < of_class.len()) {
        return Err(SplitError::TooManyClasses { part, classes: of_class.len() });
    }
    let counts: Vec<usize> = of_class.iter().map(Vec::len).collect();
    let mut rng = RandomState::new(seed);
    let fitted = approximate_mode(&counts, train, &mut rng);
    let left: Vec<usize> = counts.iter().zip(&fitted).map(|(all, fitted)| all - fitted).collect();
    let held = approximate_mode(&left, holdout, &mut rng);
    let mut split = Split::default();
    for (class, rows) in of_class.iter().enumerate() {
        let order: Vec<usize> = permutation(&mut rng, rows.len()).into_iter().map(|at| rows[at]).collect();
        split.train.extend_from_slice(&order[..fitted[class]]);
        split.holdout.extend_from_slice(&order[fitted[class]..fitted[class] + held[class]]);
    }
    shuffle(&mut split.train, &mut rng);
    shuffle(&mut split.holdout, &mut rng);
    Ok(split)
}

/// The latest rows are held out: what is predicted lies after what was learned. Rows of the same time keep their order.
///
/// # Errors
/// When one of the parts would be empty.
pub fn by_time<T: PartialOrd>(times: &[T], size: TestSize) -> Result<Split, SplitError> {
    let (train, _) = size.of(times.len())?;
    let mut order: Vec<usize> = (0..times.len()).collect();
    order.sort_by(|a, b| times[*a].partial_cmp(&times[*b]).unwrap_or(std::cmp::Ordering::Equal));
    let holdout = order.split_off(train);
    Ok(Split { train: order, holdout })
}

/// `KFold(folds, shuffle=seed.is_some(), random_state=seed)`: each row is held out once.
///
/// # Errors
/// When there are fewer than 2 folds or fewer rows than folds.
pub fn k_fold(n: usize, folds: usize, seed: Option<u32>) -> Result<Vec<Split>, SplitError> {
    if folds < 2 || folds > n {
        return Err(SplitError::Folds { folds, rows: n, stratified: false });
    }
    let order = seed.map_or_else(|| (0..n).collect(), |seed| permutation(&mut RandomState::new(seed), n));
    let mut fold_of = vec![0; n];
    let mut from = 0;
    for fold in 0..folds {
        let to = from + n / folds + usize::from(fold < n % folds);
        order[from..to].iter().for_each(|&row| fold_of[row] = fold);
        from = to;
    }
    Ok(splits(&fold_of, folds))
}

/// `StratifiedKFold(folds, shuffle=seed.is_some(), random_state=seed)` over classes numbered from 0.
///
/// # Errors
/// When there are fewer than 2 folds, or no class has as many rows as there are folds.
pub fn stratified_k_fold(classes: &[u32], folds: usize, seed: Option<u32>) -> Result<Vec<Split>, SplitError> {
    let by_first_row = in_order_of_appearance(classes);
    let most = by_first_row.iter().map(Vec::len).max().unwrap_or(0);
    if folds < 2 || folds > most {
        return Err(SplitError::Folds { folds, rows: most, stratified: true });
    }
    // The classes in sorted order are dealt out to the folds like cards.
    let mut allocation = vec![vec![0; by_first_row.len()]; folds];
    let sorted = by_first_row.iter().enumerate().flat_map(|(class, rows)| std::iter::repeat_n(class, rows.len()));
    sorted.enumerate().for_each(|(at, class)| allocation[at % folds][class] += 1);
    let mut rng = seed.map(RandomState::new);
    let mut fold_of = vec![0; classes.len()];
    for (class, rows) in by_first_row.iter().enumerate() {
        let deal = |fold: usize| std::iter::repeat_n(fold, allocation[fold][class]);
        let mut dealt: Vec<usize> = (0..folds).flat_map(deal).collect();
        if let Some(rng) = &mut rng {
            shuffle(&mut dealt, rng);
        }
        rows.iter().zip(dealt).for_each(|(&row, fold)| fold_of[row] = fold);
    }
    Ok(splits(&fold_of, folds))
}

fn splits(fold_of: &[usize], folds: usize) -> Vec<Split> {
    let split = |fold| {
        let (holdout, train) = (0..fold_of.len()).partition(|row| fold_of[*row] == fold);
        Split { train, holdout }
    };
    (0..folds).map(split).collect()
}

/// The rows of each class, by the class's number.
fn rows_by_class(classes: &[u32]) -> Vec<Vec<usize>> {
    let mut rows = vec![Vec::new(); classes.iter().max().map_or(0, |max| *max as usize + 1)];
    classes.iter().enumerate().for_each(|(row, class)| rows[*class as usize].push(row));
    rows
}

/// The rows of each class that has any, ordered by the first of them.
fn in_order_of_appearance(classes: &[u32]) -> Vec<Vec<usize>> {
    let mut rows = rows_by_class(classes);
    rows.retain(|rows| !rows.is_empty());
    rows.sort_by_key(|rows| rows[0]);
    rows
}

/// `rng.permutation(n)`.
fn permutation(rng: &mut RandomState, n: usize) -> Vec<usize> {
    rng.permutation(n).into_iter().map(|row| row as usize).collect()
}

/// `rng.shuffle(items)`: swaps as `permutation` does.
fn shuffle(items: &mut [usize], rng: &mut RandomState) {
    let order = permutation(rng, items.len());
    let before = items.to_vec();
    items.iter_mut().zip(order).for_each(|(item, from)| *item = before[from]);
}

/// `utils.extmath._approximate_mode`: how many of `draws` fall on each class; ties of what rounding leaves over are
/// broken by the stream.
fn approximate_mode(counts: &[usize], draws: usize, rng: &mut RandomState) -> Vec<usize> {
    let sum: usize = counts.iter().sum();
    let exact: Vec<f64> = counts.iter().map(|count| *count as f64 / sum as f64 * draws as f64).collect();
    let mut drawn: Vec<usize> = exact.iter().map(|exact| exact.floor() as usize).collect();
    let mut missing = draws.saturating_sub(drawn.iter().sum());
    let remainder: Vec<f64> = exact.iter().map(|exact| exact - exact.floor()).collect();
    let mut values = remainder.clone();
    values.sort_by(|a, b| b.total_cmp(a));
    values.dedup();
    for value in values {
        if missing == 0 {
            break;
        }
        let tied: Vec<usize> = (0..counts.len()).filter(|class| remainder[*class] == value).collect();
        let chosen = missing.min(tied.len());
        permutation(rng, tied.len()).into_iter().take(chosen).for_each(|at| drawn[tied[at]] += 1);
        missing -= chosen;
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_split_is_said() {
        let few = |rows, train, holdout| Err(SplitError::TooFewRows { rows, train, holdout });
        assert_eq!(shuffled(1, TestSize::Fraction(0.25), 0), few(1, 0, 1));
        assert_eq!(shuffled(4, TestSize::Rows(4), 0), few(4, 0, 4));
        assert_eq!(shuffled(0, TestSize::Nothing, 0), few(0, 0, 0));
        assert_eq!(
            stratified(&[0, 0, 1], TestSize::Fraction(0.5), 0),
            Err(SplitError::RareClass { class: 1, rows: 1 })
        );
        assert_eq!(
            stratified(&[0, 0, 1, 1], TestSize::Rows(1), 0),
            Err(SplitError::TooManyClasses { part: 1, classes: 2 })
        );
        assert_eq!(k_fold(3, 4, None), Err(SplitError::Folds { folds: 4, rows: 3, stratified: false }));
        assert_eq!(
            stratified_k_fold(&[0, 1, 0], 3, None),
            Err(SplitError::Folds { folds: 3, rows: 2, stratified: true })
        );
    }

    #[test]
    fn nothing_held_out_keeps_the_order() {
        let all = Split { train: vec![0, 1, 2], holdout: vec![] };
        assert_eq!(shuffled(3, TestSize::Nothing, 7).unwrap(), all);
        assert_eq!(stratified(&[1, 0, 1], TestSize::Nothing, 7).unwrap(), all);
    }

    #[test]
    fn the_latest_rows_are_held_out() {
        let split = by_time(&[5.0, 1.0, 9.0, 1.0], TestSize::Fraction(0.25)).unwrap();
        assert_eq!(split, Split { train: vec![1, 3, 0], holdout: vec![2] });
    }
}
