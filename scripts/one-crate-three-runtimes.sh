#!/usr/bin/env bash
# Builds one unchanged user crate with each runtime's feature alone; it serves and stops on that runtime,
# and no other runtime is in its tree.
set -euo pipefail
cd "$(dirname "$0")/../tests/user_crate"
target=${CARGO_TARGET_DIR:-../../target}/user-crate
out=$(mktemp)
trap 'rm -f "$out"' EXIT

for runtime in tokio async-std smol; do
    cargo build --quiet --features "$runtime" --target-dir "$target"
    tree=$(cargo tree --edges normal --features "$runtime" --prefix none --format '{p}' | sort -u)
    for other in tokio async-std smol; do
        if [ "$other" != "$runtime" ] && grep -qE "^$other v" <<<"$tree"; then
            echo "$runtime alone: $other is in the tree" >&2
            exit 1
        fi
    done

    "$target/debug/user-crate" >"$out" &
    pid=$!
    for _ in $(seq 6000); do
        grep -q '^listening on ' "$out" && break
        sleep 0.01
    done
    address=$(sed -n 's/^listening on //p' "$out")
    [ -n "$address" ] || { echo "$runtime alone: it does not listen" >&2; kill "$pid"; exit 1; }
    exec 3<>"/dev/tcp/${address%:*}/${address#*:}"
    answer=$(cat <&3)
    exec 3>&-
    kill -TERM "$pid"
    wait "$pid"
    [ "$answer" = "$runtime" ] || { echo "$runtime alone: it answered '$answer'" >&2; exit 1; }
    echo "$runtime alone: serves, stops with 0, $(wc -l <<<"$tree") crates, no other runtime"
done
