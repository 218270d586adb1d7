//! The error that subsystems return.

/// Any error, as subsystems return it: `?` takes `io::Error`, `anyhow::Error`, `&str`, ...
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What a subsystem returns. With two parameters, so that importing it does not break `Result<T, E>`.
pub type Result<T = (), E = BoxError> = std::result::Result<T, E>;
