//! A bar for a request that takes long: how far it is, is asked of the API meanwhile.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::client::Answer;

/// How often the bar moves.
const LOOK: Duration = Duration::from_millis(250);

/// What a bar shows.
pub struct Progress {
    /// What is being done.
    pub doing: &'static str,
    /// indicatif's template.
    pub template: &'static str,
    /// Of how many; what `reached` answers is out of this.
    pub of: u64,
}

impl Progress {
    /// Waits for the answer and moves the bar meanwhile.
    ///
    /// # Errors
    /// The request's.
    pub async fn until(
        &self,
        sent: impl Future<Output = anyhow::Result<Answer>>,
        reached: impl AsyncFn() -> u64,
    ) -> anyhow::Result<Answer> {
        let style = ProgressStyle::with_template(self.template)?;
        let bar = ProgressBar::new(self.of).with_style(style).with_message(self.doing);
        let mut sent = std::pin::pin!(sent);
        let mut looks = tokio::time::interval(LOOK);
        let answer = loop {
            tokio::select! {
                answer = &mut sent => break answer,
                _ = looks.tick() => bar.set_position(reached().await),
            }
        };
        bar.finish_and_clear();
        answer
    }
}
