//! (2) Four subsystems in dependency order, explicit readiness, draining. clap, axum and a raw TCP loop.
#![expect(clippy::disallowed_methods, reason = "a program on tokio, as its users write it")]

use clap::Parser;
use proc_daemon::{Config, Context, Daemon, Result, Spec, Subsystem, task};
use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

#[derive(Parser)]
struct Args {
    #[arg(long, default_value = "daemon.toml")]
    config: PathBuf,
}
#[derive(serde::Deserialize)]
struct HttpSettings {
    listen: SocketAddr,
    greeting: String,
}

struct Store;
impl Store {
    async fn open(&self) -> std::io::Result<()> {
        Ok(())
    }
    async fn flush(&self) -> anyhow::Result<()> {
        Ok(())
    }
}
impl Subsystem for Store {
    fn name(&self) -> &str {
        "store"
    }
    async fn run(&self, ctx: Context) -> Result<()> {
        self.open().await?;
        ctx.ready(); // dependents start now
        ctx.cancelled().await; // ... and have ended before this resolves
        self.flush().await?;
        Ok(())
    }
}
/// Raw accept loop: children hold `in_flight`, so they are drained, not aborted, when `run` returns.
struct Echo {
    addr: SocketAddr,
    store: Arc<Store>,
} // children need `'static`: share fields by Arc
async fn serve(store: Arc<Store>, mut peer: TcpStream) -> Result {
    store.flush().await?;
    peer.write_all(b"hi").await?;
    Ok(())
}
impl Subsystem for Echo {
    fn name(&self) -> &str {
        "echo"
    }
    async fn run(&self, ctx: Context) -> Result<()> {
        let listener = TcpListener::bind(self.addr).await?;
        ctx.ready();
        while let Ok(accepted) = ctx.run_until_cancelled(listener.accept()).await {
            let (peer, _) = accepted?;
            let (store, busy) = (Arc::clone(&self.store), ctx.in_flight());
            ctx.spawn(async move {
                let _busy = busy;
                serve(store, peer).await
            })
            .detach();
        }
        Ok(())
    }
}

async fn http(ctx: Context) -> Result<()> {
    let s = ctx.settings::<HttpSettings>();
    let listener = TcpListener::bind(s.listen).await?;
    println!("listening on {}", listener.local_addr()?);
    let state = ctx.clone();
    let app = axum::Router::new().route(
        "/",
        axum::routing::get(async move || state.settings::<HttpSettings>().greeting.clone()),
    );
    ctx.ready();
    axum::serve(listener, app).with_graceful_shutdown(ctx.cancelled()).await?; // 'static future, Output = ()
    Ok(())
}
fn http_spec() -> Spec {
    task("http", http)
        .with_settings::<HttpSettings>("http")
        .requires("store")
        .explicit_ready()
        .grace(Duration::from_secs(10))
}
async fn ticker(ctx: Context) -> Result<()> {
    let mut every = ctx.interval(Duration::from_secs(1));
    while every.tick().await.is_ok() {}
    Ok(())
}
fn main() -> ExitCode {
    let args = Args::parse();
    let store = Arc::new(Store);
    Daemon::builder(Config::file(args.config))
        .with_subsystem(store.clone().into_spec().explicit_ready())
        .with_subsystem(http_spec())
        .with_subsystem(
            Echo { addr: "127.0.0.1:0".parse().unwrap(), store }.requires("store").explicit_ready(),
        )
        .with_task("ticker", ticker)
        .with_subsystem(
            task("janitor", |ctx| async move {
                loop {
                    tokio::select! {
                        _ = ctx.cancelled() => return Ok(()),
                        _ = tokio::time::sleep(Duration::from_secs(60)) => println!("swept"),
                    }
                }
            })
            .after("http"),
        )
        .main()
}
