//! Tables: where they lie, how they are read, and what a column holds. Knows nothing of models or of HTTP.

mod table;

pub use table::{Column, NumberKind, Table, Texts, Values};
