//! Whole texts on their way to a vectorizer. A matrix holds numbers, so a cell of a column of documents holds the number
//! of its text, and the texts stand beside the matrix for as long as it is scored, for the thread that scores it.

use std::cell::RefCell;
use std::sync::Arc;

/// The texts of one matrix, by number.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Texts {
    all: Vec<Box<str>>,
}

thread_local! {
    static READ: RefCell<Arc<Texts>> = RefCell::default();
}

impl Texts {
    /// Those texts, numbered from 0.
    pub fn new(all: Vec<Box<str>>) -> Texts {
        Texts { all }
    }

    /// Keeps a text; the value that stands for it in a matrix.
    pub fn add(&mut self, text: &str) -> f64 {
        self.all.push(text.into());
        (self.all.len() - 1) as f64
    }

    pub fn clear(&mut self) {
        self.all.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The text that a value stands for.
    pub fn get(&self, value: f64) -> Option<&str> {
        let is_number = value >= 0.0 && value.fract() == 0.0;
        self.all.get(is_number.then_some(value as usize)?).map(AsRef::as_ref)
    }

    /// The texts of the matrix that this thread scores; none outside [`Texts::during`].
    pub fn current() -> Arc<Texts> {
        READ.with_borrow(Arc::clone)
    }

    /// Does `work` on a matrix whose texts are these.
    pub fn during<T>(self: &Arc<Texts>, work: impl FnOnce() -> T) -> T {
        let before = READ.replace(Arc::clone(self));
        let done = work();
        READ.set(before);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_for_a_text() {
        let mut texts = Texts::default();
        assert_eq!([texts.add("a"), texts.add("")], [0.0, 1.0]);
        for (value, expected) in
            [(0.0, Some("a")), (1.0, Some("")), (2.0, None), (0.5, None), (-1.0, None), (f64::NAN, None), (1e300, None)]
        {
            assert_eq!(texts.get(value), expected, "{value}");
        }
    }

    #[test]
    fn texts_are_read_while_their_matrix_is_scored() {
        let (outer, inner) = (Arc::new(Texts::new(vec!["outer".into()])), Arc::new(Texts::new(vec!["inner".into()])));
        let read = || Texts::current().get(0.0).map(str::to_owned);
        let seen = outer.during(|| (read(), inner.during(read), read()));
        assert_eq!(seen, (Some("outer".into()), Some("inner".into()), Some("outer".into())));
        assert_eq!(read(), None);
    }
}
