//! `POST …/Calls.json`: takes an order, or refuses it, or fails in one of the ways a provider fails.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, sleep};

use super::Twilio;
use super::calls::{Call, Leg};
use super::errors::ApiError;
use super::form::Form;
use super::life::Life;
use super::order::CallOrder;
use super::progress::Progress;
use super::resource::call_object;
use super::scenario::ConcurrencyRefusal;
use crate::simulator::casting::Cast;
use crate::simulator::faults::CreateFault;
use crate::simulator::persona::{Behaviour, Persona};
use crate::simulator::truth::{TruthKind, TruthLine};
use crate::simulator::wire::Scissors;

pub(super) async fn create(State(twilio): State<Arc<Twilio>>, ConnectInfo(scissors): ConnectInfo<Scissors>, body: Bytes) -> Response {
    let form = Form::parse(&body);
    let to = form.get("To").unwrap_or_default();
    let fault = twilio.create_fault(to);
    match accept(&twilio, &form, fault) {
        Ok(call) => answer(&twilio, &call, fault, &scissors).await,
        Err(refusal) => {
            let mut line = TruthLine::now(TruthKind::Refused, None, to, form.get("From").unwrap_or_default());
            line.code = Some(refusal.code);
            line.fault = fault.map(CreateFault::as_str);
            twilio.truth.record(line);
            refusal.into_response()
        }
    }
}

fn accept(twilio: &Arc<Twilio>, form: &Form, fault: Option<CreateFault>) -> Result<Arc<Call>, ApiError> {
    match fault {
        Some(CreateFault::Throttle) => return Err(ApiError::too_many_requests()),
        Some(CreateFault::ErrorRefused) => return Err(ApiError::new(503, 20_503, "Service unavailable")),
        _ => {}
    }
    let order = CallOrder::read(form, twilio.account())?;
    let persona = admit(twilio, &order)?;
    Ok(place(twilio, order, persona, fault))
}

fn admit(twilio: &Twilio, order: &CallOrder) -> Result<Arc<Persona>, ApiError> {
    let account = twilio.account();
    if account.concurrency > 0 && twilio.calls.live() >= account.concurrency {
        return match account.concurrency_refusal {
            ConcurrencyRefusal::Http => Err(ApiError::too_many_calls()),
            ConcurrencyRefusal::FailedCall => Ok(Arc::new(Persona { behaviour: Behaviour::Failed, ..Persona::default() })),
        };
    }
    match twilio.casting.cast(&order.to) {
        Cast::Callee(persona) => Ok(persona),
        Cast::Refused(code) => Err(ApiError::of_code(code, &order.to, &order.from)),
        Cast::Throttled => Err(ApiError::too_many_requests()),
    }
}

/// From here on the call exists and will ring.
fn place(twilio: &Arc<Twilio>, order: CallOrder, persona: Arc<Persona>, fault: Option<CreateFault>) -> Arc<Call> {
    let now = Instant::now();
    let turn = twilio.queue.take_turn(now);
    let queue_time_ms = u64::try_from((turn - now).as_millis()).unwrap_or(u64::MAX);
    let (call, told) = Call::new(&Leg { to: &order.to, from: &order.from, parent: None, queue_time_ms });
    twilio.calls.add(&call);
    let mut line = TruthLine::now(TruthKind::Created, Some(&call.sid), &call.to, &call.from);
    line.status_callback = order.progress.as_ref().map(|hook| hook.url.clone());
    line.fault = fault.map(CreateFault::as_str);
    twilio.truth.record(line);
    let progress = Progress::new(twilio, order.progress.clone(), order.events);
    let life = Life { twilio: Arc::clone(twilio), call: Arc::clone(&call), told, order, persona, progress };
    twilio.stage.tasks.spawn(life.live(turn));
    call
}

async fn answer(twilio: &Twilio, call: &Call, fault: Option<CreateFault>, scissors: &Scissors) -> Response {
    let created = (StatusCode::CREATED, Json(call_object(call, twilio.account(), true)));
    match fault {
        Some(CreateFault::DropAnswer) => {
            // The client waits until it has had enough; its going away drops this future.
            twilio.stage.stop.cancelled().await;
            created.into_response()
        }
        Some(CreateFault::LateAnswer) => {
            let late = Duration::from_millis(twilio.faults().create.late_answer_ms);
            twilio.stage.stop.run_until_cancelled(sleep(late)).await;
            created.into_response()
        }
        Some(CreateFault::ErrorAccepted) => ApiError::new(500, 20_500, "Internal Server Error").into_response(),
        Some(CreateFault::Garbage) => (StatusCode::CREATED, "<html>201?</html>").into_response(),
        Some(CreateFault::Reset) => {
            scissors.tear();
            created.into_response()
        }
        Some(CreateFault::ErrorRefused | CreateFault::Throttle) | None => created.into_response(),
    }
}
