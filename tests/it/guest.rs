//! The scripts that run inside the guest: the Linux ones for real, in a scratch root with a private
//! PATH.

mod agent;
mod conf;
mod interrupted;
mod looks;
mod machine;
mod perms;
mod table;
