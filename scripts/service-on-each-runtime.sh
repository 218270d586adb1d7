#!/usr/bin/env bash
# Starts the example service for real on each runtime, asks it something, and stops it with SIGTERM while
# a slow answer is under way.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --quiet --all-features --example service
service=${CARGO_TARGET_DIR:-target}/debug/examples/service
out=$(mktemp)
err=$(mktemp)
trap 'rm -f "$out" "$err"' EXIT

get() { # path -> the answer, headers and all
    exec 3<>"/dev/tcp/${address%:*}/${address#*:}"
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&3
    cat <&3
    exec 3>&-
}

for runtime in tokio async-std smol; do
    sed 's/^listen = .*/listen = "127.0.0.1:0"/' examples/daemon.toml >"$out.toml"
    "$service" --config "$out.toml" --runtime "$runtime" >"$out" 2>"$err" &
    pid=$!
    for _ in $(seq 500); do grep -q '^ready' "$out" && break; sleep 0.01; done
    address=$(sed -n 's/^listening on //p' "$out")
    get / | head -1 | grep -q '200 OK'
    slow=$(mktemp)
    get '/slow?ms=600' >"$slow" &
    answer=$!
    sleep 0.2
    kill -TERM "$pid"
    wait "$answer"
    wait "$pid"
    grep -q '200 OK' "$slow" || { cat "$slow" "$err" >&2; exit 1; }
    rm -f "$slow" "$out.toml"
    echo "$runtime: served, finished the slow answer after SIGTERM, exit 0"
done
