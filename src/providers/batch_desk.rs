//! The batch port: many requests handed in as a file, answers fetched when the provider had time.

use async_trait::async_trait;

use crate::providers::{ChatAnswer, ChatRequest, ProviderError};

/// Where a provider batch stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchStatus {
    /// The provider's id.
    pub id: String,
    /// `validating in_progress finalizing completed failed expired cancelling cancelled`.
    pub status: String,
    /// Results, once there are any.
    pub output_file_id: Option<String>,
    /// Failed lines, once there are any.
    pub error_file_id: Option<String>,
    /// Why it failed as a whole, in the provider's words.
    pub errors: Vec<String>,
}

/// One line of a batch's result files.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchLine {
    /// Our id of the request.
    pub custom_id: String,
    /// The answer, or what went wrong and whether trying again helps.
    pub result: Result<ChatAnswer, ProviderError>,
}

/// Non-urgent work at half price.
#[async_trait]
pub trait BatchDesk: Send + Sync {
    /// Uploads the requests as one file (one model per file, at most 50,000); gives the file id.
    ///
    /// # Errors
    /// When the provider refuses or cannot be reached.
    async fn upload(&self, requests: &[(String, ChatRequest)]) -> Result<String, ProviderError>;
    /// Starts a batch over an uploaded file. Not idempotent: look up by `metadata` first.
    ///
    /// # Errors
    /// When the provider refuses or cannot be reached.
    async fn create(&self, file_id: &str, metadata: (&str, &str)) -> Result<BatchStatus, ProviderError>;
    /// Finds a batch of ours by its metadata.
    ///
    /// # Errors
    /// When the provider refuses or cannot be reached.
    async fn find(&self, metadata: (&str, &str)) -> Result<Option<BatchStatus>, ProviderError>;
    /// Asks where a batch stands.
    ///
    /// # Errors
    /// When the provider refuses or cannot be reached.
    async fn status(&self, batch_id: &str) -> Result<BatchStatus, ProviderError>;
    /// Stops a batch; what it has answered by then stays readable. It takes a while: its status says when it is done.
    ///
    /// # Errors
    /// When it is over already, or the provider refuses or cannot be reached.
    async fn cancel(&self, batch_id: &str) -> Result<BatchStatus, ProviderError>;
    /// Reads a result file, output or error, any order.
    ///
    /// # Errors
    /// When the provider refuses or cannot be reached.
    async fn read(&self, file_id: &str) -> Result<Vec<BatchLine>, ProviderError>;
}
