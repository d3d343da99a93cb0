//! The program itself: what it prints, where, and with which exit code.
