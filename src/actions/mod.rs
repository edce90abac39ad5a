//! The catalogue of actions: one file each, in the four parts of [`crate::core::action::Remedy`];
//! and the table of lookers, which is all that planning is given.
//!
//! A new action: copy the nearest one, add a line to [`actions`] and to [`actors`], teach the
//! simulator its resource, give it a golden case.

pub mod backup_cancel;
mod backup_job;
pub mod backup_now;
pub mod codes;
pub mod extension_remove;
pub mod facts;
pub mod guest;
pub mod guest_agent_restart;
pub mod guest_agent_update;
pub mod guest_av_exclusions;
pub mod guest_complus;
pub mod guest_look;
pub mod guest_msdtc_reinstall;
pub mod guest_prepost_permissions;
pub mod guest_provider_service;
pub mod guest_registry;
pub mod guest_strong_crypto;
pub mod guest_system_proxy;
pub mod guest_undo;
pub mod guest_vcredist;
pub mod guest_vmbackup_conf;
pub mod guest_vmbackup_encoding;
pub mod guest_vss_service;
pub mod guest_vss_writer;
pub mod guest_vss_writers;
pub mod guest_waagent_conf;
pub mod human;
pub mod key_vault_grant;
pub mod limits;
pub mod lock_delete;
pub mod lock_return;
mod operations;
pub mod protection_resume;
pub mod provider_register;
pub mod restore_points_delete;
pub mod restore_points_delete_oldest;
pub mod restore_points_end_access;
pub mod symptom;
pub mod vm_allow_extensions;
pub mod vm_deallocate;
pub mod vm_ladder;
pub mod vm_reapply;
pub mod vm_redeploy;
pub mod vm_restart;
pub mod wait;
mod words;

use std::sync::Arc;

use crate::azure::permitted::Writer;
use crate::azure::reader::Reader;
use crate::base::Clock;
use crate::core::action::{Actions, Actors};
use crate::core::facts::Lookers;
use crate::core::journal::store::Store;

/// The deciding halves of every action.
#[must_use]
pub fn actions() -> Actions {
    Actions::default()
        .with::<backup_cancel::BackupCancel>()
        .with::<backup_now::BackupNow>()
        .with::<extension_remove::ExtensionRemove>()
        .with::<guest_av_exclusions::GuestAvExclusions>()
        .with::<guest_complus::GuestComplus>()
        .with::<guest_agent_restart::GuestAgentRestart>()
        .with::<guest_agent_update::GuestAgentUpdate>()
        .with::<guest_look::GuestLook>()
        .with::<guest_msdtc_reinstall::GuestMsdtcReinstall>()
        .with::<guest_provider_service::GuestProviderService>()
        .with::<guest_registry::GuestRegistry>()
        .with::<guest_strong_crypto::GuestStrongCrypto>()
        .with::<guest_system_proxy::GuestSystemProxy>()
        .with::<guest_vcredist::GuestVcredist>()
        .with::<guest_vss_service::GuestVssService>()
        .with::<guest_vss_writer::GuestVssWriter>()
        .with::<guest_vss_writers::GuestVssWriters>()
        .with::<guest_prepost_permissions::GuestPrepostPermissions>()
        .with::<guest_vmbackup_conf::GuestVmbackupConf>()
        .with::<guest_vmbackup_encoding::GuestVmbackupEncoding>()
        .with::<guest_undo::GuestUndo>()
        .with::<guest_waagent_conf::GuestWaagentConf>()
        .with::<human::Human>()
        .with::<key_vault_grant::KeyVaultGrant>()
        .with::<lock_delete::LockDelete>()
        .with::<lock_return::LockReturn>()
        .with::<protection_resume::ProtectionResume>()
        .with::<provider_register::ProviderRegister>()
        .with::<restore_points_delete::RestorePointsDelete>()
        .with::<vm_allow_extensions::VmAllowExtensions>()
        .with::<vm_deallocate::VmDeallocate>()
        .with::<vm_reapply::VmReapply>()
        .with::<vm_redeploy::VmRedeploy>()
        .with::<vm_restart::VmRestart>()
        .with::<restore_points_delete_oldest::RestorePointsDeleteOldest>()
        .with::<restore_points_end_access::RestorePointsEndAccess>()
        .with::<wait::Wait>()
}

/// The acting halves of every action; the one place where a writer enters the engine.
#[must_use]
pub fn actors(writer: Writer) -> Actors {
    let writer = Arc::new(writer);
    Actors::new(Arc::new(operations::Operations::new(Arc::clone(&writer))))
        .with::<backup_cancel::BackupCancel>(&writer)
        .with::<backup_now::BackupNow>(&writer)
        .with::<extension_remove::ExtensionRemove>(&writer)
        .with::<guest_av_exclusions::GuestAvExclusions>(&writer)
        .with::<guest_complus::GuestComplus>(&writer)
        .with::<guest_agent_restart::GuestAgentRestart>(&writer)
        .with::<guest_agent_update::GuestAgentUpdate>(&writer)
        .with::<guest_look::GuestLook>(&writer)
        .with::<guest_msdtc_reinstall::GuestMsdtcReinstall>(&writer)
        .with::<guest_provider_service::GuestProviderService>(&writer)
        .with::<guest_registry::GuestRegistry>(&writer)
        .with::<guest_strong_crypto::GuestStrongCrypto>(&writer)
        .with::<guest_system_proxy::GuestSystemProxy>(&writer)
        .with::<guest_vcredist::GuestVcredist>(&writer)
        .with::<guest_vss_service::GuestVssService>(&writer)
        .with::<guest_vss_writer::GuestVssWriter>(&writer)
        .with::<guest_vss_writers::GuestVssWriters>(&writer)
        .with::<guest_prepost_permissions::GuestPrepostPermissions>(&writer)
        .with::<guest_vmbackup_conf::GuestVmbackupConf>(&writer)
        .with::<guest_vmbackup_encoding::GuestVmbackupEncoding>(&writer)
        .with::<guest_undo::GuestUndo>(&writer)
        .with::<guest_waagent_conf::GuestWaagentConf>(&writer)
        .with::<human::Human>(&writer)
        .with::<key_vault_grant::KeyVaultGrant>(&writer)
        .with::<lock_delete::LockDelete>(&writer)
        .with::<lock_return::LockReturn>(&writer)
        .with::<protection_resume::ProtectionResume>(&writer)
        .with::<provider_register::ProviderRegister>(&writer)
        .with::<restore_points_delete::RestorePointsDelete>(&writer)
        .with::<vm_allow_extensions::VmAllowExtensions>(&writer)
        .with::<vm_deallocate::VmDeallocate>(&writer)
        .with::<vm_reapply::VmReapply>(&writer)
        .with::<vm_redeploy::VmRedeploy>(&writer)
        .with::<vm_restart::VmRestart>(&writer)
        .with::<restore_points_delete_oldest::RestorePointsDeleteOldest>(&writer)
        .with::<restore_points_end_access::RestorePointsEndAccess>(&writer)
        .with::<wait::Wait>(&writer)
}

/// The table of lookers, over a reader, and over the journal for what other runs have borrowed.
///
/// A looker cannot write:
///
/// ```compile_fail,E0599
/// async fn look(reader: runbook::azure::reader::Reader, id: runbook::azure::resource_id::ResourceId) {
///     let _ = reader.delete_lock(&id).await;
/// }
/// ```
///
/// It can read, which differs from the above by one word:
///
/// ```
/// async fn look(reader: runbook::azure::reader::Reader, id: runbook::azure::resource_id::ResourceId) {
///     let _ = reader.lock(&id).await;
/// }
/// ```
#[must_use]
pub fn lookers(reader: Reader, clock: Clock, journal: Arc<dyn Store>) -> Lookers {
    facts::all(reader, clock, journal)
}
