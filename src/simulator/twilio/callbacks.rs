//! Delivers a call's callbacks one after another, shaken by the scenario's faults.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Twilio;
use super::form::Hook;
use super::webhook::{Params, Webhook, param};
use crate::simulator::truth::{TruthKind, TruthLine};

/// Callbacks of one call that may wait for their predecessor; a call makes about a dozen in its life.
const WAITING: usize = 64;
/// A callback that was held back to come after its successor is sent after this, when none comes.
const HELD_AT_MOST: Duration = Duration::from_millis(300);

/// Where a call puts what it has to report. Dropping it lets the delivery end after the last callback.
#[derive(Debug, Clone)]
pub(super) struct Deliveries(mpsc::Sender<Delivery>);

#[derive(Debug)]
struct Delivery {
    hook: Hook,
    params: Params,
    /// Tells this callback from all others, for the seed.
    subject: String,
}

impl Deliveries {
    /// Begins the delivery for one call, as a task of the simulator.
    pub(super) fn begin(twilio: &Arc<Twilio>) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let (tasks, stop) = (&twilio.stage.tasks, twilio.stage.stop.clone());
        let twilio = Arc::clone(twilio);
        tasks.spawn(async move {
            stop.run_until_cancelled(deliver(&twilio, receiver)).await;
        });
        Self(sender)
    }

    pub(super) fn post(&self, hook: &Hook, subject: String, params: Params) {
        let delivery = Delivery { hook: hook.clone(), params, subject };
        if self.0.try_send(delivery).is_err() {
            tracing::warn!("a callback was dropped: too many of this call wait for a slow receiver");
        }
    }
}

async fn deliver(twilio: &Arc<Twilio>, mut waiting: mpsc::Receiver<Delivery>) {
    let mut held: Option<Delivery> = None;
    loop {
        let next = if held.is_some() { timeout(HELD_AT_MOST, waiting.recv()).await } else { Ok(waiting.recv().await) };
        match next {
            Ok(Some(delivery)) if held.is_none() && strikes(twilio, twilio.faults().callbacks.reorder, "reorder", &delivery) => {
                held = Some(delivery);
            }
            Ok(Some(delivery)) => {
                send(twilio, delivery).await;
                if let Some(late) = held.take() {
                    send(twilio, late).await;
                }
            }
            Ok(None) | Err(_) => {
                if let Some(late) = held.take() {
                    send(twilio, late).await;
                }
                if matches!(next, Ok(None)) {
                    return;
                }
            }
        }
    }
}

fn strikes(twilio: &Twilio, probability: f64, fault: &'static str, delivery: &Delivery) -> bool {
    let struck = twilio.chance.happens(probability, fault, &delivery.subject);
    if struck {
        let to = delivery.subject.split(' ').next().unwrap_or_default();
        twilio.truth.record(TruthLine { fault: Some(fault), ..TruthLine::now(TruthKind::Disturbed, None, to, "") });
    }
    struck
}

async fn send(twilio: &Arc<Twilio>, delivery: Delivery) {
    let faults = twilio.faults().callbacks.clone();
    if strikes(twilio, faults.lose, "lose", &delivery) {
        return;
    }
    if strikes(twilio, faults.forge, "forge", &delivery) {
        forge(twilio, &delivery).await;
    }
    let webhook = Webhook::new(&twilio.account().auth_token, &delivery.hook, &delivery.params);
    if strikes(twilio, faults.delay, "delay", &delivery) {
        send_later(twilio, webhook, Duration::from_millis(faults.delay_ms));
        return;
    }
    let times = if strikes(twilio, faults.duplicate, "duplicate", &delivery) { 2 } else { 1 };
    for _ in 0..times {
        try_to_send(twilio, &webhook).await;
    }
}

fn send_later(twilio: &Arc<Twilio>, webhook: Webhook, delay: Duration) {
    let (stop, late) = (twilio.stage.stop.clone(), Arc::clone(twilio));
    twilio.stage.tasks.spawn(async move {
        let sending = async {
            tokio::time::sleep(delay).await;
            try_to_send(&late, &webhook).await;
        };
        stop.run_until_cancelled(sending).await;
    });
}

async fn try_to_send(twilio: &Twilio, webhook: &Webhook) {
    for _ in 0..=twilio.account().callback_retries {
        match webhook.send(&twilio.http).await {
            Ok(_) => return,
            Err(error) => tracing::debug!(%error, "a callback failed"),
        }
    }
    twilio.notices.give(11_200, "", "a callback was not accepted by its receiver");
}

/// What a stranger would try who knows the URL and the parameters, but not the token.
async fn forge(twilio: &Twilio, delivery: &Delivery) {
    let mut params: Params = delivery.params.iter().filter(|(name, _)| name != "CallStatus").cloned().collect();
    params.push(param("CallStatus", "completed"));
    let forged = Webhook::new("a stranger's guess", &delivery.hook, &params);
    if forged.send(&twilio.http).await.is_ok() {
        tracing::warn!("a forged callback was accepted");
    }
}
