//! Builds the program in `benches/madsim`, which this crate cannot depend on: madsim simulates only under
//! `--cfg madsim`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::job::Job;

/// The variant that needs it.
pub(crate) const VARIANT: &str = "madsim";
/// Where a sampler finds it.
pub(crate) const PROGRAM: &str = "BENCH_MADSIM";

/// Builds it, if one of `jobs` needs it, into a folder beside that of `sampler`. None if none does.
///
/// # Errors
///
/// Why it cannot be built; then no job has the variant any more.
pub fn prepare(jobs: &mut [Job], sampler: &Path) -> Result<Option<PathBuf>, String> {
    let is_it = |variant: &String| variant == VARIANT;
    if !jobs.iter().any(|job| job.variants.iter().any(is_it)) {
        return Ok(None);
    }
    let built = build(sampler);
    if built.is_err() {
        jobs.iter_mut().for_each(|job| job.variants.retain(|variant| !is_it(variant)));
    }
    built.map(Some)
}

fn build(sampler: &Path) -> Result<PathBuf, String> {
    let target = sampler.parent().and_then(Path::parent).ok_or("the sampler is in no folder")?;
    let target = target.join(VARIANT);
    eprintln!("building {VARIANT}'s variant in {}", target.display());
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--release", "--quiet", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("madsim/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", "--cfg madsim")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    if output.status.success() {
        let name = format!("madsim-lives{}", std::env::consts::EXE_SUFFIX);
        return Ok(target.join("release").join(name));
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    Err(format!("it cannot be built: {}", lines.join("; ")))
}
