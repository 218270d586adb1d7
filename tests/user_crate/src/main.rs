//! Answers every connection with the name of the runtime it runs on.

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use async_io::Async;
use proc_daemon::{Context, Daemon, Result, task};

async fn serve(ctx: Context) -> Result {
    let listener = Async::<TcpListener>::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    println!("listening on {}", listener.get_ref().local_addr()?);
    ctx.ready();
    while let Ok(accepted) = ctx.run_until_cancelled(listener.accept()).await {
        let (peer, _) = accepted?;
        let (name, busy) = (ctx.runtime().name(), ctx.in_flight());
        ctx.spawn(async move {
            let _busy = busy;
            // Small enough for the socket's buffer.
            let _ = peer.write_with(|mut peer| std::io::Write::write(&mut peer, name.as_bytes())).await;
        })
        .detach();
    }
    Ok(())
}

fn main() -> ExitCode {
    Daemon::new().with_subsystem(task("serve", serve).explicit_ready()).main()
}
