//! Logs and metrics: the only module that names prometheus. TO BE WRITTEN: see the brief.
