//! The scripts that run inside the guest: the Linux ones for real, in a scratch root with a private
//! PATH; the PowerShell ones as a real grammar reads them.

mod agent;
mod conf;
mod encoding;
mod interrupted;
mod looks;
mod machine;
mod perms;
mod powershell;
mod table;
mod undone;
