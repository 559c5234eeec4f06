//! A trial's deployment: the simulated network, proxies before everything the fleet needs, and one process per role.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rustix::process::Signal;
use url::form_urlencoded;

use super::builds::Builds;
use super::cell;
use super::chaos::{self, ChaosProxy};
use super::lane::Lane;
use super::patience::Patience;
use super::plan::{Crash, Net, Plan, Role};
use super::process::{Binary, Running, free_addr};
use super::proxy::{Backends, Proxy};
use super::settings::{self, Places};
use super::times::Times;

const START: Duration = Duration::from_secs(20);
const SETTINGS: &str = "callfleet.toml";
/// A process that ended is started again after this.
const RESTART_AFTER: Duration = Duration::from_millis(300);

/// A role's process, or the place where it was.
struct Slot {
    role: Role,
    running: Option<Running>,
    start_at: Option<Instant>,
    go_on_at: Option<Instant>,
    /// It was asked to stop, and has so long to end.
    draining: Option<Patience>,
    listen: [SocketAddr; 2],
    crash: Option<Crash>,
    /// Processes it has had.
    started: u64,
}

/// The processes and networks of one trial.
pub struct Deployment {
    pub folder: PathBuf,
    pub database: String,
    seed: u64,
    builds: Builds,
    slots: Vec<Slot>,
    twilio: ChaosProxy,
    postgres: ChaosProxy,
    redis: ChaosProxy,
    /// Networks that only cells disturb.
    others: Vec<ChaosProxy>,
    /// The cell's fault strikes new connections.
    disturbed: Arc<AtomicBool>,
    /// What the settings ought to be, when a cell misplaces something.
    mended: Option<String>,
    _public: Proxy,
    _simulator: Running,
    /// Crash points that were reached.
    pub crashed: u64,
    /// Those that were asked to stop and went on.
    pub undrained: Vec<Role>,
    times: Times,
}

/// What a mutant changes about a deployment.
#[derive(Debug, Clone, Copy)]
pub struct Changes {
    /// Further keys of `[dialing]`, at a trial's times.
    pub dialing: fn(Times) -> Vec<(&'static str, u64)>,
    /// Answers the provider does not give in time make the network send the request again.
    pub resends: bool,
}

impl Changes {
    pub const NONE: Self = Self { dialing: |_| Vec::new(), resends: false };
}

impl Deployment {
    pub async fn start(lane: &mut Lane, plan: &Plan, folder: PathBuf, database: String, changes: Changes) -> anyhow::Result<Self> {
        std::fs::write(folder.join("scenario.toml"), settings::scenario(plan))?;
        let (simulator, vendor) = simulator(&lane.builds.own, &folder, plan.seed).await?;
        let slots: Vec<Slot> = Role::ALL.into_iter().map(|role| Slot::new(role, plan)).collect();
        let public = Proxy::start().await;
        public.serve(backends(&slots));
        let disturbed = Arc::new(AtomicBool::new(plan.cell.is_some()));
        let strikes = |net| cell::strikes(plan.cell, net, Arc::clone(&disturbed));
        let postgres = ChaosProxy::start(lane.postgres.addr, strikes(Net::Postgres)).await?;
        let redis = ChaosProxy::start(lane.redis.addr, strikes(Net::Redis)).await?;
        let (on_the_line, in_the_cell) = (line_faults(plan.clone(), changes.resends), strikes(Net::Twilio));
        let either = move |request: &[u8]| match in_the_cell(request) {
            chaos::Fault::None => on_the_line(request),
            fault => fault,
        };
        let twilio = ChaosProxy::start(vendor, either).await?;
        let mut others = Vec::new();
        if plan.cell.is_some() {
            for (net, upstream) in [(Net::Public, public.addr()), (Net::Speech, vendor), (Net::Model, vendor)] {
                others.push(ChaosProxy::start(upstream, strikes(net)).await?);
            }
        }
        let other = |n: usize, direct: SocketAddr| others.get(n).map_or(direct, ChaosProxy::addr);
        let url = |addr: SocketAddr| format!("http://{addr}");
        let places = Places {
            public: url(other(0, public.addr())),
            twilio: url(twilio.addr()),
            speech: url(other(1, vendor)),
            model: url(other(2, vendor)),
            postgres: settings::database_url(&postgres.addr().to_string(), &database),
            redis: redis.addr().to_string(),
            prefix: database.clone(),
        };
        let settings = |places: &Places| settings::callfleet(places, plan.times, &(changes.dialing)(plan.times));
        let misplaced = plan.cell.and_then(|cell| cell.misplace(&places)).map(|wrong| settings(&wrong));
        std::fs::write(folder.join(SETTINGS), misplaced.clone().unwrap_or_else(|| settings(&places)))?;
        let mended = misplaced.map(|_| settings(&places));
        let (seed, builds) = (plan.seed, lane.builds.clone());
        let (_public, _simulator, crashed, undrained, times) = (public, simulator, 0, Vec::new(), plan.times);
        Ok(Self {
            folder,
            database,
            seed,
            builds,
            slots,
            twilio,
            postgres,
            redis,
            others,
            disturbed,
            mended,
            _public,
            _simulator,
            crashed,
            undrained,
            times,
        })
    }

    pub fn truth(&self) -> PathBuf {
        self.folder.join("truth.jsonl")
    }

    /// Where the operator's API is.
    pub fn api(&self) -> SocketAddr {
        self.slot(Role::Web).listen[0]
    }

    pub fn black_hole(&self, net: Net, on: bool) {
        let proxy = match net {
            Net::Twilio => &self.twilio,
            Net::Postgres => &self.postgres,
            Net::Redis => &self.redis,
            Net::Public | Net::Speech | Net::Model => unreachable!("no plan has a black hole there"),
        };
        proxy.black_hole(on);
    }

    /// The cell's fault is over; where the settings were wrong, they are mended and every process starts again.
    pub fn heal(&mut self) -> anyhow::Result<()> {
        self.disturbed.store(false, Ordering::Relaxed);
        self.proxies().for_each(ChaosProxy::heal);
        if let Some(mended) = self.mended.take() {
            std::fs::write(self.folder.join(SETTINGS), mended)?;
            Role::ALL.into_iter().for_each(|role| self.kill(role));
        }
        Ok(())
    }

    /// Connections that met a fault, on any network.
    pub fn struck(&self) -> u64 {
        self.proxies().map(ChaosProxy::struck).sum()
    }

    /// Connections that went on over a certificate that has expired.
    pub fn trusted(&self) -> u64 {
        self.proxies().map(ChaosProxy::trusted).sum()
    }

    fn proxies(&self) -> impl Iterator<Item = &ChaosProxy> {
        [&self.twilio, &self.postgres, &self.redis].into_iter().chain(&self.others)
    }

    pub fn kill(&mut self, role: Role) {
        let slot = self.slot_mut(role);
        (slot.running, slot.draining) = (None, None);
        (slot.go_on_at, slot.start_at) = (None, Some(Instant::now() + RESTART_AFTER));
    }

    /// False when there is nobody to ask.
    pub fn drain(&mut self, role: Role) -> bool {
        let within = Duration::from_millis(self.times.drain());
        self.slot_mut(role).drain(within)
    }

    pub fn stop(&mut self, role: Role, time: Duration) {
        let slot = self.slot_mut(role);
        if let Some(running) = &slot.running {
            running.signal(Signal::STOP);
            slot.go_on_at = Some(Instant::now() + time);
        }
    }

    /// Starts what has ended, lets go on what has stood still for its time.
    pub fn supervise(&mut self) -> anyhow::Result<()> {
        for slot in &mut self.slots {
            let next = self.builds.of(self.seed, slot.role, slot.started);
            self.crashed += u64::from(slot.supervise(next, &self.folder)?);
        }
        let undrained: Vec<Role> = self.slots.iter().filter(|slot| slot.is_undrained()).map(|slot| slot.role).collect();
        for role in undrained {
            self.kill(role);
            self.undrained.push(role);
        }
        Ok(())
    }

    /// Processes of the older build, and how often one build followed the other.
    pub fn older(&self) -> (u64, u64) {
        let lines: Vec<Vec<bool>> = self.slots.iter().map(|slot| self.line(slot)).collect();
        let older = lines.iter().flatten().filter(|older| **older).count();
        let changes = lines.iter().flat_map(|line| line.windows(2)).filter(|pair| pair[0] != pair[1]).count();
        (older as u64, changes as u64)
    }

    /// The same for whoever reads the logs: each role's processes in their order.
    pub fn lines(&self) -> Vec<String> {
        let name = |older: bool| if older { "older" } else { "own" };
        let told = |slot: &Slot, line: Vec<bool>| format!("{:?}: {}", slot.role, line.into_iter().map(name).collect::<Vec<_>>().join(", "));
        let lines = self.slots.iter().map(|slot| (slot, self.line(slot)));
        lines.filter(|(_, line)| !line.is_empty()).map(|(slot, line)| told(slot, line)).collect()
    }

    fn line(&self, slot: &Slot) -> Vec<bool> {
        self.builds.line(self.seed, slot.role, slot.started)
    }

    /// Every role has its process, and none stands still or is about to leave.
    pub fn is_whole(&self) -> bool {
        self.slots.iter().all(|slot| slot.running.is_some() && slot.go_on_at.is_none() && slot.draining.is_none())
    }

    fn slot(&self, role: Role) -> &Slot {
        self.slots.iter().find(|slot| slot.role == role).expect("every role has a slot")
    }

    fn slot_mut(&mut self, role: Role) -> &mut Slot {
        self.slots.iter_mut().find(|slot| slot.role == role).expect("every role has a slot")
    }
}

impl Slot {
    fn new(role: Role, plan: &Plan) -> Self {
        let crash = plan.crashes.iter().find(|crash| crash.role == role).cloned();
        let (start_at, listen) = (Some(Instant::now()), [free_addr(), free_addr()]);
        Self { role, running: None, start_at, go_on_at: None, draining: None, listen, crash, started: 0 }
    }

    /// Asks it to stop; false when there is nobody to ask.
    fn drain(&mut self, within: Duration) -> bool {
        let Some(running) = &self.running else { return false };
        running.signal(Signal::TERM);
        self.draining = Some(Patience::begin(within));
        true
    }

    /// It was asked to stop and has not, though nobody made it stand still.
    fn is_undrained(&self) -> bool {
        self.go_on_at.is_none() && self.draining.as_ref().is_some_and(Patience::is_over)
    }

    /// True when it reached its crash point.
    fn supervise(&mut self, binary: &Binary, folder: &std::path::Path) -> anyhow::Result<bool> {
        let (now, mut crashed) = (Instant::now(), false);
        if self.running.as_mut().is_some_and(Running::has_ended) {
            // one that was drained leaves its crash point to the next one, as one that was killed does
            crashed = self.draining.take().is_none() && self.crash.take().is_some();
            (self.running, self.go_on_at, self.start_at) = (None, None, Some(now + RESTART_AFTER));
        }
        if self.start_at.is_some_and(|at| at <= now) {
            (self.running, self.start_at) = (Some(self.start(binary, folder)?), None);
            self.started += 1;
        }
        let Some(running) = &self.running else { return Ok(crashed) };
        match self.go_on_at {
            Some(at) if at <= now => {
                running.signal(Signal::CONT);
                self.go_on_at = None;
                self.draining = self.draining.as_ref().map(Patience::again);
            }
            None if running.is_stopped() => {
                let stop_ms = self.crash.take().and_then(|crash| crash.stop_ms);
                crashed |= stop_ms.is_some();
                self.go_on_at = Some(now + Duration::from_millis(stop_ms.unwrap_or(0)));
            }
            Some(_) | None => {}
        }
        Ok(crashed)
    }

    /// A crash point is met once; the next process has to get along.
    fn start(&self, binary: &Binary, folder: &std::path::Path) -> anyhow::Result<Running> {
        let mut command = binary.command(folder, &format!("--config {SETTINGS} {}", self.role.verb()));
        command.env("CALLFLEET__WEB__LISTEN", self.listen[0].to_string()).env("CALLFLEET__HOOKS__LISTEN", self.listen[1].to_string());
        if let Some(crash) = &self.crash {
            let how = if crash.stop_ms.is_some() { "stop" } else { "kill" };
            command.env(callfleet::crash_point::VARIABLE, format!("{}:{}:{how}", crash.place, crash.passage));
        }
        Running::start(command, &folder.join(format!("{:?}.log", self.role)))
    }
}

/// Only the POST that places a call meets faults; its subject is the callee and how often it was asked for.
fn line_faults(plan: Plan, resends: bool) -> impl Fn(&[u8]) -> chaos::Fault + Send + Sync + 'static {
    let asked = Arc::new(Mutex::new(std::collections::HashMap::<String, u32>::new()));
    move |request| {
        let Some(to) = callee(request) else { return chaos::Fault::None };
        if resends {
            return chaos::Fault::Resend { after_ms: plan.times.post_timeout() / 2 };
        }
        let mut asked = asked.lock().expect("nothing panics while it is held");
        let times = asked.entry(to.clone()).or_default();
        *times += 1;
        plan.on_the_line(&format!("{to} {times}"))
    }
}

/// The callee of a request that places a call.
fn callee(request: &[u8]) -> Option<String> {
    let head = request.windows(4).position(|end| end == b"\r\n\r\n")?;
    let path = request.split(|byte| *byte == b' ').nth(1)?;
    if !request.starts_with(b"POST ") || !path.ends_with(b"/Calls.json") {
        return None;
    }
    form_urlencoded::parse(&request[head + 4..]).find(|(key, _)| key == "To").map(|(_, to)| to.into_owned())
}

fn backends(slots: &[Slot]) -> Backends {
    let media: Vec<SocketAddr> = slots.iter().filter(|slot| matches!(slot.role, Role::Worker(_))).map(|slot| slot.listen[1]).collect();
    let web = slots.iter().filter(|slot| slot.role == Role::Web).map(|slot| slot.listen[1]);
    let callbacks = media.iter().copied().chain(web).collect();
    Backends { media, callbacks }
}

async fn simulator(binary: &Binary, folder: &std::path::Path, seed: u64) -> anyhow::Result<(Running, SocketAddr)> {
    let addr = free_addr();
    let line = format!("simulator --listen {addr} --seed {seed} --truth truth.jsonl --scenario scenario.toml");
    let mut running = Running::start(binary.command(folder, &line), &folder.join("simulator.log")).context("the simulator")?;
    let begun = Instant::now();
    while std::net::TcpStream::connect(addr).is_err() {
        ensure!(!running.has_ended() && begun.elapsed() < START, "the simulator did not start: {}", folder.display());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok((running, addr))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn slot() -> Slot {
        Slot::new(Role::Web, &Plan::calm(1, Times::stretched(100)))
    }

    /// Something that ends when it is asked to.
    fn sleeper(folder: &std::path::Path) -> Running {
        let mut command = Command::new("sleep");
        command.arg("60");
        Running::start(command, &folder.join("sleep.log")).unwrap()
    }

    #[tokio::test]
    async fn whoever_was_drained_is_followed_by_another_one_and_keeps_its_crash_point_for_it() {
        let (folder, mut slot) = (tempfile::tempdir().unwrap(), slot());
        assert!(!slot.drain(LONG), "nobody runs yet");
        slot.crash = Some(Crash { role: Role::Web, place: "callback.folded", passage: 1, stop_ms: None });
        slot.running = Some(sleeper(folder.path()));
        assert!(slot.drain(LONG) && !slot.is_undrained());
        // it ends, by a signal or by itself
        slot.running.as_mut().unwrap().ended(LONG).await.unwrap();
        let nobody = Binary { program: PathBuf::from("false"), before: Vec::new() };
        assert!(!slot.supervise(&nobody, folder.path()).unwrap(), "it was no crash");
        assert!(slot.running.is_none() && slot.start_at.is_some() && slot.draining.is_none() && slot.crash.is_some());
    }

    #[tokio::test]
    async fn whoever_follows_is_the_next_process_of_its_role() {
        let (folder, mut slot) = (tempfile::tempdir().unwrap(), slot());
        let ends = Binary { program: PathBuf::from("true"), before: Vec::new() };
        for started in 1..=2 {
            slot.start_at = Some(Instant::now());
            slot.supervise(&ends, folder.path()).unwrap();
            assert_eq!(slot.started, started);
            slot.running.as_mut().unwrap().ended(LONG).await.unwrap();
            slot.supervise(&ends, folder.path()).unwrap();
            assert_eq!(slot.started, started, "the next one begins later");
        }
    }

    #[test]
    fn whoever_goes_on_beyond_its_time_is_found_unless_it_was_made_to_stand_still() {
        let (folder, mut slot) = (tempfile::tempdir().unwrap(), slot());
        slot.running = Some(sleeper(folder.path()));
        assert!(!slot.is_undrained(), "nobody asked it");
        slot.draining = Some(Patience::begin(Duration::ZERO));
        assert!(slot.is_undrained());
        slot.go_on_at = Some(Instant::now() + LONG);
        assert!(!slot.is_undrained());
    }
}
