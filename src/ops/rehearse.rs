//! The simulator as a stand-in for Azure: on a loopback socket, or called in this process.
//!
//! With `--sim` its world is kept in the state directory, so that applying again finds it mended.
//! A rehearsal runs a whole case in virtual time, and its outcome is held against golden files.

pub mod cases;
pub mod golden;
pub mod perform;
mod requests;
pub mod rules;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use base64::Engine as _;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::azure::credential::{CredentialKind, CredentialSettings};
use crate::azure::{Transport, WireError};
use crate::base::clock::wall_now;
use crate::base::{Clock, Secret, yaml};
use crate::ops::OpsError;
use crate::ops::documents::drawn;
use crate::sim::world::Vm;
use crate::sim::{Answer, Fault, Sim, World, scenarios};

/// How many times faster than life time runs with `--sim`: a backup of 41 minutes takes four
/// seconds.
pub const TIME_SCALE: f64 = 600.0;

/// The scenario that `--sim` means without a name.
pub const SCENARIO: &str = "rp-limit";

/// A simulator with a clock and, perhaps, a place where it is kept.
pub struct Simulated {
    sim: Mutex<Sim>,
    clock: Clock,
    folder: Option<PathBuf>,
    stop: watch::Sender<bool>,
}

impl Simulated {
    /// The scenario's world as it was left in the state directory, or as it begins.
    ///
    /// # Errors
    /// When there is no such scenario, or what was left cannot be read.
    pub fn open(scenario: Option<&str>, state: &Path, scale: f64) -> Result<Arc<Self>, OpsError> {
        let name = scenario.unwrap_or(SCENARIO);
        let folder = folder_of(state, Some(name))?;
        let file = folder.join("world.json");
        let sim = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| {
                OpsError::BadRunbook(format!(
                    "cannot read the simulated world `{}`: {e}; start it over with `runbook sim --reset`",
                    file.display()
                ))
            })?,
            Err(e) if e.kind() == ErrorKind::NotFound => scenario_at(name, wall_now())?,
            Err(e) => {
                return Err(OpsError::BadRunbook(format!(
                    "cannot read the simulated world `{}`: {e}; make it readable, or give another --state folder",
                    file.display()
                )));
            }
        };
        let origin = sim_origin(&sim);
        let clock = Clock::starting_at(origin, scale);
        Ok(Self::of(sim, clock, Some(folder)))
    }

    /// A simulator of this state that tells the time by `clock`.
    #[must_use]
    pub fn of(sim: Sim, clock: Clock, folder: Option<PathBuf>) -> Arc<Self> {
        let (stop, _) = watch::channel(false);
        Arc::new(Self {
            sim: Mutex::new(sim),
            clock,
            folder,
            stop,
        })
    }

    /// What it tells the time by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Looks at its state.
    pub fn with<T>(&self, look: impl FnOnce(&Sim) -> T) -> T {
        look(&self.lock())
    }

    /// The name of its scenario.
    pub(super) fn scenario(&self) -> &str {
        let name = self.folder.as_ref().and_then(|f| f.file_name());
        name.and_then(|n| n.to_str()).unwrap_or(SCENARIO)
    }

    /// Where it is kept, and its journal beside it.
    pub(super) fn folder(&self) -> PathBuf {
        self.folder.clone().unwrap_or_default()
    }

    /// The resource id of its VM of this name.
    pub(super) fn vm_named(&self, name: &str) -> Option<String> {
        let sim = self.lock();
        let world = sim.world();
        let vm = world
            .vms
            .iter()
            .find(|vm| vm.name.eq_ignore_ascii_case(name))?;
        Some(vm_in(world, &vm.group, &vm.name))
    }

    pub(super) fn close(&self) {
        self.keep();
        self.stop.send_replace(true);
    }

    fn lock(&self) -> MutexGuard<'_, Sim> {
        self.sim.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: http::Request<Vec<u8>>) -> Answer {
        let writes = request.method() != http::Method::GET;
        let answer = self.lock().handle(request, self.clock.now());
        if writes {
            self.keep();
        }
        answer
    }

    /// Keeps the world; a demonstration that cannot be kept goes on without.
    fn keep(&self) {
        let Some(folder) = &self.folder else { return };
        let kept = std::fs::create_dir_all(folder).and_then(|()| {
            let bytes = serde_json::to_vec(&*self.lock())?;
            let new = folder.join("world.json.new");
            std::fs::write(&new, bytes)?;
            std::fs::rename(new, folder.join("world.json"))
        });
        if let Err(error) = kept {
            tracing::warn!(
                "the simulated world cannot be kept in `{}`: {error}",
                folder.display()
            );
        }
    }
}

/// The resource id of a world's VM of this name. A name in other letters goes with its group in
/// lower case, as Azure's own tools mix them; one that is not there, with the first VM's group.
#[must_use]
pub fn vm_id(world: &World, name: &str) -> String {
    if let Some(vm) = world.vms.iter().find(|vm| vm.name == name) {
        return vm_in(world, &vm.group, name);
    }
    let alike = |vm: &&Vm| vm.name.eq_ignore_ascii_case(name);
    let vm = world.vms.iter().find(alike).or(world.vms.first());
    let group = vm.map_or("rg-web".to_owned(), |vm| vm.group.to_lowercase());
    vm_in(world, &group, name)
}

fn vm_in(world: &World, group: &str, name: &str) -> String {
    format!(
        "/subscriptions/{}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}",
        world.subscription
    )
}

/// A simulator never goes back in time, and does not lag behind the wall.
fn sim_origin(sim: &Sim) -> jiff::Timestamp {
    sim.now_origin().max(wall_now())
}

/// Where a scenario's world and journal are kept. A name that is none is no part of a path: it could
/// lead anywhere.
pub(super) fn folder_of(state: &Path, scenario: Option<&str>) -> Result<PathBuf, OpsError> {
    let name = scenario.unwrap_or(SCENARIO);
    match scenarios::names().find(|known| *known == name) {
        Some(known) => Ok(state.join("sim").join(known)),
        None => Err(no_scenario(name)),
    }
}

fn no_scenario(name: &str) -> OpsError {
    let known: Vec<&str> = scenarios::names().collect();
    OpsError::Usage(format!(
        "there is no scenario `{name}`; there are {}",
        known.join(", ")
    ))
}

/// A built-in scenario, beginning at `now`.
///
/// # Errors
/// When there is none of that name.
pub fn scenario_at(name: &str, now: jiff::Timestamp) -> Result<Sim, OpsError> {
    let (world, faults) = scenarios::yaml(name).ok_or_else(|| no_scenario(name))?;
    let (mut world, faults) = read_world(&format!("{name}.world.yaml"), world, faults)?;
    world.now = now;
    Ok(Sim::new(world, faults))
}

/// A world and its faults from YAML.
///
/// # Errors
/// Every mistake, drawn.
pub fn read_world(file: &str, world: &str, faults: &str) -> Result<(World, Vec<Fault>), OpsError> {
    let parsed = yaml::parse::<World>(file, world).map_err(|d| drawn(file, world, &d))?;
    if faults.trim().is_empty() {
        return Ok((parsed.value, Vec::new()));
    }
    let beside = file.replace("world.yaml", "faults.yaml");
    let faults = yaml::parse::<Vec<Fault>>(&beside, faults)
        .map_err(|found| drawn(&beside, faults, &found))?;
    Ok((parsed.value, faults.value))
}

/// The credential that the simulator knows: a token of its own identity.
#[must_use]
pub fn credential(simulated: &Simulated) -> CredentialSettings {
    let claims = simulated.with(|sim| {
        let world = sim.world();
        json!({ "tid": world.tenant, "oid": world.identity.object_id, "name": "simulated operator" })
    });
    let encode = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let token = format!(
        "{}.{}.c2lt",
        encode(json!({ "alg": "none" }).to_string()),
        encode(claims.to_string())
    );
    CredentialSettings {
        kind: CredentialKind::Token,
        access_token: Some(Secret::new(token)),
        ..CredentialSettings::default()
    }
}

/// The simulator called in this process, without a socket: for tests in virtual time.
pub struct InProcess(pub Arc<Simulated>);

#[async_trait]
impl Transport for InProcess {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, WireError> {
        match self.0.answer(request.map(|body| body.to_vec())) {
            Answer::Response(response) => Ok(response.map(Bytes::from)),
            Answer::Dropped => Err(WireError::Lost("the connection was closed".to_owned())),
        }
    }
}

/// Serves the simulator on a loopback port of the system's choice; returns the endpoint.
///
/// # Errors
/// When no port can be had.
pub(super) async fn serve_in_background(simulated: &Arc<Simulated>) -> Result<String, OpsError> {
    let listener = listen("127.0.0.1:0").await?;
    let address = listener
        .local_addr()
        .map_err(|e| cannot_listen("127.0.0.1:0", &e))?;
    tokio::spawn(serve(
        Arc::clone(simulated),
        listener,
        simulated.stop.subscribe(),
    ));
    Ok(format!("http://{address}"))
}

/// Serves the simulator on `listen` until `stop`; `ready` is told the address.
///
/// # Errors
/// When there is no such scenario, or the address cannot be listened on.
pub async fn serve_sim(
    address: &str,
    scenario: Option<&str>,
    time_scale: f64,
    state: &Path,
    stop: watch::Receiver<bool>,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), OpsError> {
    let simulated = Simulated::open(scenario, state, time_scale)?;
    let listener = listen(address).await?;
    ready(
        listener
            .local_addr()
            .map_err(|e| cannot_listen(address, &e))?,
    );
    serve(Arc::clone(&simulated), listener, stop).await;
    simulated.keep();
    Ok(())
}

/// Starts a scenario over: forgets its world and its journal.
///
/// # Errors
/// When they cannot be removed.
pub fn reset_sim(state: &Path, scenario: Option<&str>) -> Result<(), OpsError> {
    let folder = folder_of(state, scenario)?;
    match std::fs::remove_dir_all(&folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(OpsError::Usage(format!(
            "cannot remove `{}`: {e}",
            folder.display()
        ))),
        _ => Ok(()),
    }
}

async fn listen(address: &str) -> Result<TcpListener, OpsError> {
    TcpListener::bind(address)
        .await
        .map_err(|e| cannot_listen(address, &e))
}

fn cannot_listen(address: &str, error: &std::io::Error) -> OpsError {
    OpsError::Usage(format!("cannot listen on `{address}`: {error}"))
}

async fn serve(simulated: Arc<Simulated>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!("the simulator cannot accept a connection: {error}");
                    continue;
                }
            },
            _ = stop.wait_for(|stop| *stop) => return,
        };
        // Without it each answer waits 40 ms for an acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("no TCP_NODELAY: {error}");
        }
        let simulated = Arc::clone(&simulated);
        tokio::spawn(async move {
            let service = service_fn(move |request| one(Arc::clone(&simulated), request));
            let http = hyper::server::conn::http1::Builder::new();
            // An error here is a connection that was closed, by us on purpose or by the client.
            if let Err(error) = http.serve_connection(TokioIo::new(stream), service).await {
                tracing::debug!("a simulated connection ended: {error}");
            }
        });
    }
}

/// A connection that is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped")]
struct DroppedOnPurpose;

async fn one(
    simulated: Arc<Simulated>,
    request: http::Request<Incoming>,
) -> Result<http::Response<Full<Bytes>>, DroppedOnPurpose> {
    let (head, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map_err(|_| DroppedOnPurpose)?
        .to_bytes();
    match simulated.answer(http::Request::from_parts(head, body.to_vec())) {
        Answer::Response(response) => Ok(response.map(|body| Full::new(Bytes::from(body)))),
        Answer::Dropped => Err(DroppedOnPurpose),
    }
}

impl std::fmt::Debug for Simulated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulated")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("InProcess").finish()
    }
}
