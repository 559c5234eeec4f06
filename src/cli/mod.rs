//! The operator's command line: every verb in one list.

mod commands;
pub mod demo;

pub use commands::{Cli, Command};

pub fn run(cli: Cli) -> std::process::ExitCode {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    runtime.block_on(async move {
        let _ = tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).with_writer(std::io::stderr).try_init();
        match &cli.command {
            Command::Demo(args) => match demo::demo(&cli, args).await {
                Ok(code) => code,
                Err(error) => {
                    eprintln!("error: {error:#}");
                    std::process::ExitCode::FAILURE
                }
            },
            _ => std::process::ExitCode::FAILURE,
        }
    })
}
