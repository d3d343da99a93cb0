//! All integration tests in one binary: one file for each part of the program.

mod boosters;
mod bundle;
mod cli;
mod data;
mod deploy;
mod evaluate;
mod features;
mod fit;
mod gate;
mod onnx;
mod onnx_operators;
mod pages;
mod parity;
mod pickle;
mod registry;
mod score;
mod security;
mod serve;
mod skops;
mod train;
mod trees;
