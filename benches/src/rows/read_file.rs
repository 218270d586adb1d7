use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

use super::start_stop::nanos;
use crate::content::{self, Failure};
use crate::job::Job;
use crate::sampler::{Lines, rounds};

/// Longer than any of the files.
const LIMIT: usize = 64 << 20;

/// Opens, reads and frees the same sealed file of n bytes in each way, and looks at each byte of it: whether it is UTF-8.
pub(crate) fn run(job: &Job, out: &Lines) -> io::Result<()> {
    let (_file, path) = sealed(job.n)?;
    // Kept from one reading to the next, as a reload keeps it from one file to the next.
    let mut buffer = Vec::new();
    rounds(job, |variant| {
        let since = Instant::now();
        for _ in 0..job.batch {
            let read = match variant {
                "std" => fs::read_to_string(&path).map(|text| text.len()),
                "copy" => copy(&path, &mut buffer),
                "map" => map(&path, &mut buffer),
                other => Err(io::Error::other(format!("there is no variant `{other}`"))),
            };
            match read {
                Ok(length) if length == job.n => _ = black_box(length),
                Ok(length) => return out.failed(variant, format!("it has read {length} bytes")),
                Err(error) => return out.failed(variant, error),
            }
        }
        out.sample(variant, "read", nanos(since.elapsed()) / f64::from(job.batch));
    });
    Ok(())
}

fn copy(path: &Path, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let mut file = File::open(path)?;
    let before = file.metadata()?;
    let length = content::copied(&mut file, path, &before, LIMIT, buffer).map_err(failed)?;
    Ok(text(&buffer[..length])?.len())
}

/// It was sealed: what is copied all the same is a failure.
fn map(path: &Path, buffer: &mut Vec<u8>) -> io::Result<usize> {
    match content::take(path, LIMIT, buffer).map_err(failed)? {
        content::Taken::Copied(_, why) => Err(io::Error::other(why)),
        #[cfg(all(feature = "mmap-config", target_os = "linux"))]
        mapped @ content::Taken::Mapped(_) => Ok(text(&mapped.content(buffer))?.len()),
    }
}

fn text(bytes: &[u8]) -> io::Result<&str> {
    std::str::from_utf8(bytes).map_err(io::Error::other)
}

fn failed(failure: Failure) -> io::Error {
    match failure {
        Failure::Io(doing, error) => io::Error::other(format!("cannot be {doing}: {error}")),
        Failure::NoFile(what) => io::Error::other(what),
        Failure::Directory | Failure::TooLong | Failure::Changing => io::ErrorKind::Other.into(),
    }
}

/// A memfd of n bytes that can never change, and a path that leads to it.
fn sealed(n: usize) -> io::Result<(File, PathBuf)> {
    let mut file = File::from(memfd_create("read-file", MemfdFlags::ALLOW_SEALING)?);
    let line = b"# a line of a configuration that is mostly comments, as they are\n";
    file.write_all(&line.repeat(n / line.len() + 1)[..n])?;
    fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW)?;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok((file, path.into()))
}
