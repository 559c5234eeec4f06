//! Media Streams: the callee's voice to the customer every 20 ms, the customer's audio to the callee in real time.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::calls::new_sid;
use super::document::Document;
use super::form::Hook;
use super::frames::{Incoming, Scribe, Track, read};
use super::playback::Playback;
use super::session::{Interrupt, SILENT, Session};
use super::socket::{Offered, Socket};
use super::stream_report::StreamReport;
use super::twiml::Element;
use crate::simulator::callee::Frame;
use crate::simulator::stopwatch::StreamWatch;

/// 20 ms pieces a one-way stream may lag behind.
const FORK_LAG: usize = 100;

/// `<Connect><Stream>`: blocks until the customer closes the socket or the call is interrupted.
pub(super) async fn converse(session: &mut Session, document: &Document, element: &Element) -> Result<(), Interrupt> {
    let report = StreamReport::new(session, stream_hook(document, element));
    if element.attribute("track").is_some_and(|track| track != "inbound_track") {
        session.twilio.notices.give(31_941, &session.call.sid, "<Connect><Stream> takes no other track than inbound_track");
        return Ok(());
    }
    let Some(url) = stream_url(session, element) else { return Ok(()) };
    let faults = session.twilio.faults().stream.clone();
    if session.twilio.chance.happens(faults.never_starts, "stream never starts", &session.call.to) {
        loop {
            session.tick(&SILENT).await?;
        }
    }
    let token = session.twilio.account().auth_token.clone();
    let socket = match session.meanwhile(Socket::open(&url, &token)).await? {
        Ok(socket) => socket,
        Err(error) => {
            session.twilio.notices.give(error.code(), &session.call.sid, "a media stream could not be opened");
            report.error(session, &error.to_string());
            return Ok(());
        }
    };
    report.started(session);
    let cut = session.twilio.chance.happens(faults.cut, "stream cut", &session.call.to);
    let scribe = Scribe::new(report.stream_sid.clone(), &session.twilio.account().account_sid, &session.call.sid);
    let cut_at = cut.then(|| Instant::now() + Duration::from_millis(faults.cut_after_ms));
    let mut stream = Stream { socket, scribe, playback: Playback::default(), watch: session.twilio.stopwatch.watch(), cut_at };
    let ended = stream.run(session, &parameters(element)).await;
    session.write_down_heard();
    stream.close(session, ended.is_err()).await;
    report.stopped(session);
    ended
}

/// A bidirectional stream.
struct Stream {
    socket: Socket,
    scribe: Scribe,
    playback: Playback,
    watch: StreamWatch,
    cut_at: Option<Instant>,
}

enum Happened {
    Received(Option<Message>),
    Due(Result<(), Interrupt>),
}

impl Stream {
    /// Ends well when the customer ends it, or the network does.
    async fn run(&mut self, session: &mut Session, parameters: &[(String, String)]) -> Result<(), Interrupt> {
        self.send(session, Scribe::connected());
        let start = self.scribe.start(&[Track::Inbound], parameters);
        self.send(session, start);
        loop {
            let happened = tokio::select! {
                message = self.socket.next() => Happened::Received(message),
                due = session.due() => Happened::Due(due),
            };
            let open = match happened {
                Happened::Received(message) => self.receive(session, message),
                Happened::Due(due) => {
                    due?;
                    self.step(session)?
                }
            };
            if !open || self.cut_at.is_some_and(|at| at <= Instant::now()) {
                return Ok(());
            }
        }
    }

    /// 20 ms both ways; false when the socket is lost.
    fn step(&mut self, session: &mut Session) -> Result<bool, Interrupt> {
        let (played, marks) = self.playback.play();
        let moment = session.step(&played)?;
        self.watch.said(&moment.said);
        let media = self.scribe.media(Track::Inbound, &moment.said);
        let mut open = self.send(session, media);
        for digit in moment.pressed.chars() {
            let dtmf = self.scribe.dtmf(digit);
            open &= self.send(session, dtmf);
        }
        Ok(open & self.return_marks(session, marks))
    }

    /// False when the customer closed.
    fn receive(&mut self, session: &mut Session, message: Option<Message>) -> bool {
        match message {
            None | Some(Message::Close(_)) => return false,
            Some(Message::Text(text)) => match read(&text, &self.scribe.stream_sid) {
                Some(incoming) => return self.take(session, incoming),
                None => session.twilio.notices.give(31_924, &session.call.sid, "a media stream received a message it does not know"),
            },
            Some(Message::Binary(_)) => session.twilio.notices.give(31_950, &session.call.sid, "a media stream received a binary message"),
            Some(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
        }
        true
    }

    fn take(&mut self, session: &mut Session, incoming: Incoming) -> bool {
        let marks = match incoming {
            Incoming::Media(audio) => {
                self.watch.heard();
                if !self.playback.push(audio) {
                    session.twilio.notices.give(31_930, &session.call.sid, "more audio was sent than is kept; it was dropped");
                }
                Vec::new()
            }
            Incoming::Mark(name) => self.playback.mark(name).into_iter().collect(),
            Incoming::Clear => {
                session.write_down_heard();
                self.playback.clear()
            }
        };
        self.return_marks(session, marks)
    }

    fn return_marks(&mut self, session: &Session, marks: Vec<String>) -> bool {
        marks.into_iter().all(|name| {
            let mark = self.scribe.mark(&name);
            self.send(session, mark)
        })
    }

    fn send(&mut self, session: &Session, frame: String) -> bool {
        match self.socket.offer(frame) {
            Offered::Sent => true,
            Offered::Lost => false,
            Offered::Discarded => {
                session.twilio.notices.give(31_930, &session.call.sid, "the media stream's receiver reads too slowly; audio was discarded");
                true
            }
        }
    }

    /// `stop` and close when we end it; just gone when the network tore it; an answer to the customer's close otherwise.
    async fn close(mut self, session: &Session, by_us: bool) {
        if by_us {
            let stop = self.scribe.stop();
            self.socket.farewell(Some(stop)).await;
        } else if self.cut_at.is_none_or(|at| at > Instant::now()) {
            session.twilio.notices.give(31_921, &session.call.sid, "the customer closed a media stream");
            self.socket.farewell(None).await;
        }
    }
}

/// `<Start><Stream>`: a copy of the audio goes to the customer while the call goes on.
pub(super) fn listen_in(session: &mut Session, element: &Element) {
    let Some(url) = stream_url(session, element) else { return };
    let tracks: &[Track] = match element.attribute("track") {
        Some("outbound_track") => &[Track::Outbound],
        Some("both_tracks") => &[Track::Inbound, Track::Outbound],
        _ => &[Track::Inbound],
    };
    let (fork, frames) = mpsc::channel(FORK_LAG);
    session.add_fork(fork);
    let account = session.twilio.account();
    let scribe = Scribe::new(new_sid("MZ"), &account.account_sid, &session.call.sid);
    let copying = copy(url, account.auth_token.clone(), scribe, tracks, parameters(element), frames);
    let stop = session.twilio.stage.stop.clone();
    session.twilio.stage.tasks.spawn(async move {
        stop.run_until_cancelled(copying).await;
    });
}

async fn copy(
    url: String,
    auth_token: String,
    mut scribe: Scribe,
    tracks: &'static [Track],
    parameters: Vec<(String, String)>,
    mut frames: mpsc::Receiver<(Frame, Frame)>,
) {
    let mut socket = match Socket::open(&url, &auth_token).await {
        Ok(socket) => socket,
        Err(error) => return tracing::warn!(%error, "a one-way media stream could not be opened"),
    };
    socket.offer(Scribe::connected());
    socket.offer(scribe.start(tracks, &parameters));
    while let Some((inbound, outbound)) = frames.recv().await {
        for track in tracks {
            let audio = if *track == Track::Inbound { &inbound } else { &outbound };
            if socket.offer(scribe.media(*track, audio)) == Offered::Lost {
                return;
            }
        }
    }
    let stop = scribe.stop();
    socket.farewell(Some(stop)).await;
}

/// `wss`, or `ws` on loopback (which the real Twilio does not take), and no query.
fn stream_url(session: &Session, element: &Element) -> Option<String> {
    let text = element.attribute("url").unwrap_or_default();
    let good = url::Url::parse(text).is_ok_and(|url| {
        let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        url.query().is_none() && (url.scheme() == "wss" || (url.scheme() == "ws" && loopback))
    });
    if !good {
        session.twilio.notices.give(31_920, &session.call.sid, "a stream's URL must be wss:// and have no query");
    }
    good.then(|| text.to_owned())
}

fn stream_hook(document: &Document, element: &Element) -> Option<Hook> {
    document.hook(element.attribute("statusCallback")?, element.attribute("statusCallbackMethod"))
}

fn parameters(element: &Element) -> Vec<(String, String)> {
    let parameters = element.children.iter().filter(|child| child.name == "Parameter");
    parameters
        .filter_map(|child| Some((child.attribute("name")?.to_owned(), child.attribute("value").unwrap_or_default().to_owned())))
        .collect()
}
