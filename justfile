# `just check` reads, `just fix` writes. Both are plain cargo; so is everything else.

# What CI runs.
ci:
    .ci/run

# Format and lint, without changing anything.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings

# Format and apply lint fixes.
fix:
    cargo fmt --all
    cargo clippy --workspace --all-targets --all-features --fix --allow-dirty

# The README's two commands.
run:
    cargo run --example service

test:
    cargo test

# Every figure of PERFORMANCE.md.
bench *filters:
    cargo bench -p proc-daemon-bench -- {{ filters }}

# Every scenario on every backend, side by side.
conformance *args:
    cargo run -p proc-daemon-conformance --features all-backends -- {{ args }}

# Every interleaving of the core's waits, under loom.
models:
    cargo run --release --manifest-path tests/models/Cargo.toml

# Bugs planted into a copy of the core, each found by the simulator.
planted *args:
    cargo run --release --manifest-path tests/planted/Cargo.toml --target-dir target/planted -- {{ args }}

# Backends, tasks and cores with one thing wrong, each found by the conformance kit.
mutants *args:
    cargo run --release --manifest-path tests/mutants/Cargo.toml --target-dir target/mutants -- {{ args }}

# The documentation.
doc:
    cargo doc --workspace --no-deps --all-features --open
