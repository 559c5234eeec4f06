//! The outside services behind ports: what a caller may ask of a telephone, of ears, of a mind and of a mouth.
//!
//! One folder per vendor speaks the vendor's wire; nothing above this folder knows a field name of theirs. The vendors
//! share `wire/`: TLS, HTTP and websocket clients, and the one rule of when a request may be repeated.

pub mod deepgram;
pub mod mulaw;
pub mod openai;
pub mod twilio;
pub mod wire;

mod batch_desk;
mod ears;
mod error;
mod mind;
mod mouth;
mod telephony;
mod voice;

pub use batch_desk::{BatchDesk, BatchLine, BatchStatus};
pub use ears::{Ears, EarsLink, EarsOptions, Heard};
pub use error::{Again, ProviderError};
pub use mind::{AnswerSchema, ChatAnswer, ChatPiece, ChatRequest, Message, Mind, Role, Usage};
pub use mouth::{Mouth, MouthLink, Say, Spoken};
pub use telephony::{DialAnswer, DialLine, DialRequest, Leave, ProviderCall, RING_PERSON, Telephony, Transfer};
pub use voice::{Mouths, Voice, VoiceVendor};
