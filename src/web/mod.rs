//! What listens: the API on loopback, and in public the signed callbacks and the media socket.

pub mod api;
pub mod hooks;
pub mod line;
pub mod probe;
mod serve;

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::routing::{get, post};
use tokio::net::TcpListener;

use crate::public::{MEDIA_PATH, PublicSide};
use hooks::Hooks;
use line::Line;
pub use serve::serve;

/// A callback has about 1 KB.
const LARGEST_CALLBACK: usize = 64 * 1024;

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {addr} ({source}); stop what uses it, or set another address for `{key}`")]
pub struct ListenError {
    addr: SocketAddr,
    key: &'static str,
    source: std::io::Error,
}

/// The public side: callbacks, and the media socket where this process holds calls.
pub fn public_routes(hooks: Hooks, line: Option<Line>) -> Router {
    let nonce = nonce_routes(hooks.public.clone());
    let routes = Router::new()
        .route("/hooks/twilio/{attempt}/{send_no}/{mac}", post(hooks::twilio))
        .route("/hooks/twilio/{attempt}/{send_no}/{mac}/transfer", post(hooks::transferred))
        .with_state(hooks)
        .merge(nonce)
        .layer(DefaultBodyLimit::max(LARGEST_CALLBACK));
    match line {
        Some(line) => routes.merge(Router::new().route(MEDIA_PATH, get(line::media)).with_state(line)),
        None => routes,
    }
}

/// Tells `callfleet doctor` that the public URL leads here.
pub fn nonce_routes(public: PublicSide) -> Router {
    Router::new().route("/hooks/nonce/{nonce}", get(nonce)).with_state(public)
}

/// Answers as only this deployment can.
async fn nonce(State(public): State<PublicSide>, Path(nonce): Path<String>) -> String {
    public.answer_to(&nonce)
}

/// Takes an address.
///
/// # Errors
/// [`ListenError`] when it is in use or not ours.
pub async fn listen(addr: SocketAddr, key: &'static str) -> Result<TcpListener, ListenError> {
    TcpListener::bind(addr).await.map_err(|source| ListenError { addr, key, source })
}
