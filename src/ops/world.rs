//! Everything injectable, in one value: endpoint, identity, catalogue, journal, clock, chance.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::actions;
use crate::azure::credential::{CredentialKind, CredentialSettings};
use crate::azure::{Arm, Cloud, HttpTransport, Reader, TokenSource, Transport};
use crate::base::{Chance, Clock, ErrorClass, Failure, SealKey, Secret};
use crate::core::action::Actions;
use crate::core::facts::Lookers;
use crate::core::journal::sqlite::Sqlite;
use crate::core::journal::store::{Holder, Store, StoreError};
use crate::core::plan::Context;
use crate::core::runbook::catalogue::Catalogue;
use crate::ops::rehearse::{Simulated, TIME_SCALE};
use crate::ops::{OpsError, catalogue, cloud, rehearse};

/// How long one request may take: ARM gives a provider 60 s and then answers itself
/// (azure-api.md 2.1); twice that covers the way.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// Where and as whom.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `public`, `usgov`, `china`, `usnat`, `ussec` or `custom`.
    pub cloud: String,
    /// Another ARM endpoint than the cloud's.
    pub arm_endpoint: Option<String>,
    /// Another audience for tokens than the cloud's.
    pub arm_audience: Option<String>,
    /// The credential.
    pub credential: CredentialSettings,
    /// The embedded simulator, and which of its scenarios.
    pub sim: Option<Option<String>>,
    /// A folder of runbooks that adds or overrides.
    pub runbooks: Option<PathBuf>,
    /// Where the journal lives.
    pub state: PathBuf,
    /// How many times faster than life time runs; loopback only.
    pub time_scale: Option<f64>,
    /// This process, for leases.
    pub holder: Holder,
    /// The key that seals, instead of the one in the state directory.
    pub seal_key: Option<Secret>,
}

/// What a person's wish is carried out with.
pub struct World {
    pub(super) arm: Arc<Arm>,
    pub(super) actions: Actions,
    pub(super) lookers: Lookers,
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
    pub(super) chance: Chance,
    pub(super) simulated: Option<Arc<Simulated>>,
    pub(super) seal_key: Option<SealKey>,
    catalogue: Catalogue,
    credential: CredentialKind,
    context: OnceCell<Context>,
}

impl World {
    /// Opens the journal and connects to nothing yet, except that the endpoint of a custom cloud
    /// is asked who issues its tokens; with `sim`, starts the simulator on a loopback socket of
    /// this process.
    ///
    /// # Errors
    /// Settings that cannot be, runbooks with mistakes, a journal that cannot be opened, an
    /// endpoint that does not tell.
    pub async fn open(settings: Settings) -> Result<Self, OpsError> {
        let catalogue = catalogue(settings.runbooks.as_deref())?;
        match &settings.sim {
            Some(scenario) => Self::simulated(&settings, scenario.as_deref(), catalogue).await,
            None => Self::real(&settings, catalogue).await,
        }
    }

    /// The journal alone: for looking at what was done, which takes no credential.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn journal(settings: &Settings) -> Result<Arc<Sqlite>, OpsError> {
        open_journal(&folder_of(settings)?, settings)
    }

    /// A world of parts: for programs and tests that bring their own.
    #[must_use]
    pub fn of(
        arm: Arc<Arm>,
        store: Arc<dyn Store>,
        catalogue: Catalogue,
        clock: Clock,
        chance: Chance,
    ) -> Self {
        let reader = Reader::new(Arc::clone(&arm));
        Self {
            actions: actions::actions(),
            lookers: actions::lookers(reader, clock.clone(), Arc::clone(&store)),
            arm,
            store,
            clock,
            chance,
            simulated: None,
            seal_key: None,
            catalogue,
            credential: CredentialKind::Token,
            context: OnceCell::new(),
        }
    }

    /// The same world, which seals plans with `key`.
    #[must_use]
    pub fn sealing_with(self, key: SealKey) -> Self {
        let seal_key = Some(key);
        Self { seal_key, ..self }
    }

    async fn simulated(
        settings: &Settings,
        scenario: Option<&str>,
        catalogue: Catalogue,
    ) -> Result<Self, OpsError> {
        let scale = settings.time_scale.unwrap_or(TIME_SCALE);
        let simulated = Simulated::open(scenario, &settings.state, scale)?;
        let endpoint = rehearse::serve_in_background(&simulated).await?;
        let cloud = cloud::unnamed(&endpoint)?;
        let credential = rehearse::credential(&simulated);
        let tokens = TokenSource::new(credential, &cloud)?;
        let store = open_journal(&simulated.folder(), settings)?;
        let clock = simulated.clock().clone();
        let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new(REQUEST_TIMEOUT)?);
        let chance = Chance::from_entropy();
        let arm = Arm::new(cloud, transport, tokens, clock.clone(), chance.clone());
        Ok(Self {
            simulated: Some(simulated),
            seal_key: Some(store.key().clone()),
            ..Self::of(arm, store, catalogue, clock, chance)
        })
    }

    async fn real(settings: &Settings, catalogue: Catalogue) -> Result<Self, OpsError> {
        let named = cloud::named(settings)?;
        let clock = match settings.time_scale {
            None => Clock::system(),
            Some(_) if !is_loopback(&named.cloud) => {
                return Err(OpsError::Usage(
                    "--time-scale is for simulators: the endpoint is not on loopback".to_owned(),
                ));
            }
            Some(scale) => Clock::starting_at(crate::base::clock::wall_now(), scale),
        };
        // What a credential lacks is said before anything is asked or made.
        TokenSource::new(settings.credential.clone(), &named.cloud)?;
        let store = open_journal(&settings.state, settings)?;
        let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new(REQUEST_TIMEOUT)?);
        let chance = Chance::from_entropy();
        let cloud = named.whole(transport.as_ref(), &clock, &chance).await?;
        let kind = settings.credential.kind;
        let tokens = TokenSource::new(settings.credential.clone(), &cloud)?;
        let arm = Arm::new(cloud, transport, tokens, clock.clone(), chance.clone());
        Ok(Self {
            credential: kind,
            seal_key: Some(store.key().clone()),
            ..Self::of(arm, store, catalogue, clock, chance)
        })
    }

    /// The runbooks.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// What this world tells the time by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The journal.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Under whose name and where; asks for a token when there is none yet.
    ///
    /// # Errors
    /// When no token can be had.
    pub async fn context(&self) -> Result<&Context, OpsError> {
        let context = self.context.get_or_try_init(|| async {
            let who = self.arm.who().await?;
            let cloud = self.arm.cloud();
            let kind = who.as_ref().map_or(self.credential, |w| w.kind);
            Ok::<_, Failure>(Context {
                cloud: match self.simulated {
                    Some(_) => "simulated".to_owned(),
                    None => cloud.name.clone(),
                },
                endpoint: cloud.arm.to_string(),
                tenant: who.as_ref().and_then(|w| w.tenant.clone()),
                identity: who.as_ref().and_then(|w| {
                    w.name
                        .clone()
                        .or_else(|| w.object_id.clone())
                        .or_else(|| w.app_id.clone())
                }),
                credential: kind.name().to_owned(),
                simulated: self.simulated.is_some(),
                scenario: self.scenario().map(str::to_owned),
            })
        });
        Ok(context.await?)
    }

    /// The simulated world that this is, if it is one.
    #[must_use]
    pub fn scenario(&self) -> Option<&str> {
        self.simulated
            .as_ref()
            .map(|simulated| simulated.scenario())
    }

    /// Ends what this world has started; the simulated world is kept in the state directory.
    pub async fn close(self) {
        if let Some(simulated) = &self.simulated {
            simulated.close();
        }
    }
}

/// Opens the journal in a folder.
///
/// # Errors
/// When it or its key cannot be had, or it lies where locks do not work.
fn open_journal(folder: &Path, settings: &Settings) -> Result<Arc<Sqlite>, OpsError> {
    if let Some(kind) = crate::base::filesystem::network(folder) {
        return Err(OpsError::Journal(StoreError::Broken {
            attempted: format!("cannot open a journal in `{}`", folder.display()),
            why: format!(
                "it lies on a network file system ({kind}), where leases cannot be trusted; give --state a folder on a local disk"
            ),
        }));
    }
    let (holder, host) = (settings.holder.clone(), settings.holder.host.clone());
    let is_gone = move |other: &Holder| {
        other.host == host && crate::base::process::is_gone(other.pid, other.started)
    };
    let key = seal_key(folder, settings)?;
    Ok(Arc::new(Sqlite::open(
        folder,
        holder,
        Arc::new(is_gone),
        key,
    )?))
}

/// Where the journal of these settings lies.
fn folder_of(settings: &Settings) -> Result<PathBuf, OpsError> {
    match &settings.sim {
        Some(scenario) => rehearse::folder_of(&settings.state, scenario.as_deref()),
        None => Ok(settings.state.clone()),
    }
}

/// The key that was given, else the one in the folder.
fn seal_key(folder: &Path, settings: &Settings) -> Result<SealKey, OpsError> {
    SealKey::of(folder, settings.seal_key.clone()).map_err(|why| no_key(settings, why))
}

/// The same, where there is one already.
pub(super) fn key_at_hand(settings: &Settings) -> Result<Option<SealKey>, OpsError> {
    let given = settings.seal_key.clone();
    SealKey::at_hand(&folder_of(settings)?, given).map_err(|why| no_key(settings, why))
}

fn no_key(settings: &Settings, why: String) -> OpsError {
    match settings.seal_key {
        Some(_) => OpsError::Usage(why),
        None => OpsError::Journal(StoreError::Broken {
            attempted: "cannot have the key that seals the journal".to_owned(),
            why,
        }),
    }
}

fn is_loopback(cloud: &Cloud) -> bool {
    match cloud.arm.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// A time scale that a clock can run at.
///
/// # Errors
/// When it is not a positive number.
pub fn checked_scale(scale: f64) -> Result<f64, OpsError> {
    if scale.is_finite() && scale > 0.0 {
        return Ok(scale);
    }
    Err(OpsError::from(Failure::new(
        ErrorClass::Invalid,
        "set the time scale",
        format!("{scale} is not a positive number"),
    )))
}
