//! How well labels are predicted: `accuracy_score`, `balanced_accuracy_score`, `confusion_matrix`,
//! `precision_recall_fscore_support` of scikit-learn (`metrics/_classification.py`), without weights.

/// Counts of (true class, predicted class).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// Row-major; a row is a true class.
    counts: Vec<u64>,
}

/// What is said of one class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassScores {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    /// Rows that truly are of this class.
    pub support: u64,
}

impl Confusion {
    /// Counts rows; classes are numbered from 0 to `classes` (exclusive).
    pub fn new(truth: &[u32], predicted: &[u32], classes: usize) -> Confusion {
        let mut counts = vec![0; classes * classes];
        truth.iter().zip(predicted).for_each(|(t, p)| counts[*t as usize * classes + *p as usize] += 1);
        Confusion { classes, counts }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Rows of class `truth` that were predicted as `predicted`.
    pub fn at(&self, truth: usize, predicted: usize) -> u64 {
        self.counts[truth * self.classes + predicted]
    }

    fn rows(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Rows that truly are of a class.
    pub fn support(&self, class: usize) -> u64 {
        (0..self.classes).map(|predicted| self.at(class, predicted)).sum()
    }

    fn predicted(&self, class: usize) -> u64 {
        (0..self.classes).map(|truth| self.at(truth, class)).sum()
    }

    /// Classes that occur, as truth or as prediction: scikit-learn averages over these.
    fn present(&self) -> Vec<usize> {
        (0..self.classes).filter(|class| self.support(*class) + self.predicted(*class) > 0).collect()
    }

    /// `accuracy_score`.
    pub fn accuracy(&self) -> f64 {
        let right: u64 = (0..self.classes).map(|class| self.at(class, class)).sum();
        right as f64 / self.rows() as f64
    }

    /// `balanced_accuracy_score`: the mean recall of the classes that truly occur.
    pub fn balanced_accuracy(&self) -> f64 {
        let occurring: Vec<usize> = (0..self.classes).filter(|class| self.support(*class) > 0).collect();
        mean(occurring.iter().map(|class| self.of_class(*class).recall))
    }

    /// Precision, recall and F1 of one class; 0 where a division by 0 would stand (`zero_division="warn"`).
    pub fn of_class(&self, class: usize) -> ClassScores {
        let (right, truth, predicted) = (self.at(class, class), self.support(class), self.predicted(class));
        let ratio = |over: u64, under: u64| if under == 0 { 0.0 } else { over as f64 / under as f64 };
        ClassScores {
            precision: ratio(right, predicted),
            recall: ratio(right, truth),
            f1: ratio(2 * right, truth + predicted),
            support: truth,
        }
    }

    /// `average="macro"`: every class counts the same.
    pub fn macro_average(&self) -> ClassScores {
        let present = self.present();
        self.average(&present, |_| 1.0 / present.len() as f64)
    }

    /// `average="weighted"`: a class counts by its rows.
    pub fn weighted_average(&self) -> ClassScores {
        let rows = self.rows() as f64;
        self.average(&self.present(), |scores| scores.support as f64 / rows)
    }

    fn average(&self, classes: &[usize], weight: impl Fn(&ClassScores) -> f64) -> ClassScores {
        let mut sum = ClassScores { precision: 0.0, recall: 0.0, f1: 0.0, support: 0 };
        for scores in classes.iter().map(|class| self.of_class(*class)) {
            let weight = weight(&scores);
            sum.precision += weight * scores.precision;
            sum.recall += weight * scores.recall;
            sum.f1 += weight * scores.f1;
            sum.support += scores.support;
        }
        sum
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    values.sum::<f64>() / n
}
