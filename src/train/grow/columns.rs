//! The training matrix as trees read it: float32, column by column, with what is known of each column.

/// One column for each feature, each with one value a row.
pub struct Columns<'d> {
    pub values: &'d [Vec<f32>],
    /// Which columns hold NaN anywhere.
    pub missing: Vec<bool>,
    /// How many pairs of rows of each column have the same value, as far as is known.
    ties: Vec<f64>,
    /// The ranks of the values, for columns with few of them; only with [`Columns::sorted`].
    pub ranks: Vec<Option<Ranks>>,
}

/// A column without NaN as positions in the sorted list of its values.
pub struct Ranks {
    /// Of each row.
    pub codes: Vec<u16>,
    pub values: Vec<f32>,
}

impl<'d> Columns<'d> {
    /// For trees that do not search for the best threshold, or grow on a few rows.
    pub fn new(values: &'d [Vec<f32>]) -> Self {
        let missing = values.iter().map(|column| column.iter().any(|x| x.is_nan())).collect();
        Columns {
            values,
            missing,
            ties: vec![f64::INFINITY; values.len()],
            ranks: (0..values.len()).map(|_| None).collect(),
        }
    }

    /// For trees that sort the values: finds out once what saves work in every node. Two bytes for each value at most.
    pub fn sorted(values: &'d [Vec<f32>], threads: usize) -> Self {
        let mut columns = Columns::new(values);
        let found = super::in_parallel(threads, values.len(), |f| match columns.missing[f] {
            true => (f64::INFINITY, None),
            false => ranks(&values[f]),
        });
        (columns.ties, columns.ranks) = found.into_iter().unzip();
        columns
    }

    /// Whether `n` rows of a column probably have different values, so that there is one way to sort them.
    pub fn probably_distinct(&self, feature: usize, n: usize) -> bool {
        let share = n as f64 / self.rows() as f64;
        self.ties[feature] * share * share < 1.0
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.first().map_or(0, Vec::len)
    }
}

/// Pairs of rows with the same value, and the ranks of the values where there are few.
fn ranks(column: &[f32]) -> (f64, Option<Ranks>) {
    let mut values = column.to_vec();
    values.sort_unstable_by(f32::total_cmp);
    // As the splitter compares: -0.0 is 0.0.
    let ties = values.chunk_by(|a, b| a == b).map(|same| same.len() as f64 * (same.len() - 1) as f64 / 2.0).sum();
    values.dedup_by(|b, a| a == b);
    if values.len() > usize::from(u16::MAX) + 1 {
        return (ties, None);
    }
    let codes = column.iter().map(|x| values.partition_point(|v| v < x) as u16).collect();
    (ties, Some(Ranks { codes, values }))
}
