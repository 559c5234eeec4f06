//! Connections: taken as long as there is room, given up when they ask for nothing.
//!
//! Whoever connects and says nothing, or says it a byte at a time, is let go before it can keep callbacks and calls out.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service as _;

/// From a connection, or from its last answer, to the end of the next request's head.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// Connections at once; more wait in the kernel. Media sockets are counted apart, once they are upgraded.
const MOST_CONNECTIONS: usize = 8_192;
/// Before the next try when the system gives no more sockets.
const PAUSE: Duration = Duration::from_millis(200);

/// Serves until `stop` fires, then waits for requests that run.
pub async fn serve(listener: TcpListener, routes: Router, stop: CancellationToken) {
    let (room, connections) = (Arc::new(Semaphore::new(MOST_CONNECTIONS)), TaskTracker::new());
    loop {
        let next = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! { next = next => next, () = stop.cancelled() => break };
        match accepted {
            Ok((stream, _)) => {
                let one = connection(stream, routes.clone(), stop.clone());
                connections.spawn(async move {
                    one.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    connections.close();
    connections.wait().await;
}

async fn connection(stream: TcpStream, routes: Router, stop: CancellationToken) {
    // 20 ms of audio must not wait for the next 20 ms; a socket that refuses this is gone anyway
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(routes.clone(), request));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let mut served = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

async fn answer(mut routes: Router, request: hyper::Request<Incoming>) -> Result<Response, Infallible> {
    let request: Request = request.map(Body::new);
    routes.call(request).await
}
