//! The addresses of the embedded mode.

use tokio::net::TcpListener;

use crate::config::Config;
use crate::web;

/// The two listeners of the embedded mode.
#[derive(Debug)]
pub struct Listeners {
    /// API, loopback.
    pub api: TcpListener,
    /// Callbacks and media.
    pub public: TcpListener,
}

impl Listeners {
    /// Takes both addresses.
    ///
    /// # Errors
    /// Which one is in use, and which key sets another.
    pub async fn bind(config: &Config) -> Result<Self, web::ListenError> {
        Ok(Self {
            api: web::listen(config.web.listen, "web.listen").await?,
            public: web::listen(config.hooks.listen, "hooks.listen").await?,
        })
    }
}
