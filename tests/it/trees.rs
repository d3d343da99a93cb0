//! Hostile trees: refused when they are built, or harmless when they are walked.
