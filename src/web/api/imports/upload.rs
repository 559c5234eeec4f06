//! A request's body on disk, because a file is looked at as a whole before anything is imported.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use axum::body::{Body, BodyDataStream, HttpBody as _};
use axum::http::StatusCode;
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use tokio::io::AsyncReadExt;
use uuid::Uuid;

use super::super::error::ApiError;

const PIECE: usize = 64 * 1024;

/// Where lists and refused rows are kept.
#[must_use]
pub fn folder(files: &Path) -> PathBuf {
    files.join("imports")
}

/// Writes the body into a file without a name, which is gone when it is closed, however the process ends.
///
/// # Errors
/// The body is too long or broke off, or the disk is full.
pub async fn receive(body: Body, folder: &Path, most: u64) -> Result<File, ApiError> {
    // a body that says how long it is, is not read in vain
    if body.size_hint().lower() > most {
        return Err(too_long(most));
    }
    let mut pieces = body.into_data_stream();
    let received = write_down(&mut pieces, folder, most).await;
    if received.is_err() {
        read_on(&mut pieces, most).await;
    }
    received
}

async fn write_down(pieces: &mut BodyDataStream, folder: &Path, most: u64) -> Result<File, ApiError> {
    let (mut file, mut length) = (nameless(folder).map_err(|error| disk(&error))?, 0);
    while let Some(piece) = pieces.next().await {
        let fix = "send the file again; nothing was imported";
        let piece =
            piece.map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, "cut_off", format!("the file broke off: {error}"), fix))?;
        length += piece.len() as u64;
        if length > most {
            return Err(too_long(most));
        }
        file.write_all(&piece).map_err(|error| disk(&error))?;
    }
    Ok(file)
}

/// Takes the rest of a refused body, up to as much again as is allowed: who still sends may find the connection broken instead of
/// the refusal.
async fn read_on(pieces: &mut BodyDataStream, most: u64) {
    let mut left = most;
    while let Some(Ok(piece)) = pieces.next().await {
        let Some(less) = left.checked_sub(piece.len() as u64) else { return };
        left = less;
    }
}

/// A file without a name, gone when it is closed, however the process ends.
///
/// # Errors
/// The disk refuses.
pub fn nameless(folder: &Path) -> io::Result<File> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("{}.upload", Uuid::now_v7()));
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(path)?;
    Ok(file)
}

fn too_long(most: u64) -> ApiError {
    let message = format!("the file is longer than {} MiB (web.largest_list_mib)", most >> 20);
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_long", message, "split it, or raise web.largest_list_mib")
}

/// What the disk refused.
pub fn disk(error: &io::Error) -> ApiError {
    let message = format!("the data folder cannot be written: {error}");
    ApiError::new(StatusCode::INSUFFICIENT_STORAGE, "disk", message, "make room on the disk, then send the file again")
}

/// A file, piece by piece.
pub fn pieces(file: tokio::fs::File) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok((read > 0).then(|| (Bytes::from(piece), file)))
    })
}
