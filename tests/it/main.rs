//! All integration tests in one binary: one file for each part of the program.
