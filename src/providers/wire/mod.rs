//! What every vendor's client shares: one trust store, one HTTP client, small websockets, and the rule of when a request may
//! be repeated. Nothing here knows a vendor.

pub mod http;
pub mod retry;
pub mod socket;
pub mod tls;
pub mod words;

#[cfg(test)]
pub mod testing;
