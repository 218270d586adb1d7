//! What the programs that plant have in common: the copy, the program that is built inside it, and how they end.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::bug::Bug;
use crate::{Failure, copy, plant};

/// What `run` comes to, as an exit code: 0 if everything was found, 1 if not, and 2, with the reason on standard error,
/// if that could not be tried.
pub fn end(name: &str, run: impl FnOnce() -> Result<bool, Failure>) -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("{name}: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Plants `bugs` into a copy of the workspace below the target folder, and builds the package in `folder` there, which
/// is called as its folder is, with these variables set. Gives the program.
///
/// # Errors
///
/// Entries that do not fit the source any more, a copy that does not build, and what reading and writing may come to.
pub fn build(
    name: &str,
    bugs: &[Bug],
    folder: &str,
    variables: &[(&str, &str)],
) -> Result<PathBuf, Failure> {
    let target = target()?;
    let copy = target.join("copy");
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let mut files = copy::read(&repository)?;
    plant::plant(&mut files, bugs, folder)?;
    copy::write(&files, &copy)?;
    eprintln!("{name}: building {} with {} bugs", copy.display(), bugs.len());
    let package = folder.rsplit('/').next().unwrap_or(folder);
    let target = target.join(package);
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let flags = env::var("RUSTFLAGS").unwrap_or_default();
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--release", "--package", package])
        .arg("--manifest-path")
        .arg(copy.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        // A switch leaves code behind that lints would complain about.
        .env("RUSTFLAGS", format!("{flags} --cap-lints=allow"))
        .envs(variables.iter().copied())
        .status()?;
    if !status.success() {
        return Err("the copy with the planted bugs does not build".into());
    }
    Ok(target.join("release").join(format!("{package}{}", env::consts::EXE_SUFFIX)))
}

/// The target folder: this program is two folders below it.
fn target() -> Result<PathBuf, Failure> {
    let program = env::current_exe()?;
    let target = program.ancestors().nth(2).ok_or("this program is in no target folder")?;
    Ok(target.to_owned())
}
