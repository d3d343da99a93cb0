//! TO BE WRITTEN: see the brief.
