//! The provider of a rehearsal: none. The dispatcher asks it nothing; whatever else might, learns that no call can be placed.

use async_trait::async_trait;

use crate::domain::phone::PhoneNumber;
use crate::providers::{Again, DialLine, ProviderCall, ProviderError, Telephony, Transfer};

/// Refuses everything.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

fn refused<T>() -> Result<T, ProviderError> {
    Err(ProviderError { provider: "rehearsal", what: "a rehearsal places no calls".to_owned(), status: None, again: Again::No })
}

#[async_trait]
impl Telephony for Nobody {
    async fn connect(&self) -> Result<Box<dyn DialLine>, ProviderError> {
        refused()
    }
    async fn fetch(&self, _: &str) -> Result<Option<ProviderCall>, ProviderError> {
        refused()
    }
    async fn list(&self, _: &PhoneNumber, _: &PhoneNumber) -> Result<Vec<ProviderCall>, ProviderError> {
        refused()
    }
    async fn end(&self, _: &str) -> Result<(), ProviderError> {
        refused()
    }
    async fn transfer(&self, _: &str, _: &Transfer) -> Result<(), ProviderError> {
        refused()
    }
    async fn cancel(&self, _: &str) -> Result<(), ProviderError> {
        refused()
    }
    async fn take_back(&self, _: &str) -> Result<Option<ProviderCall>, ProviderError> {
        refused()
    }
    async fn check(&self) -> Result<(), ProviderError> {
        refused()
    }
}
