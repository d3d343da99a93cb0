//! HTTP: the only module that names axum, tower and hyper. TO BE WRITTEN: see the brief.

pub mod openapi;
pub mod pages;
