//! Who we are to Azure, against an authority, App Service, Azure Pipelines, a metadata service
//! and an `az` that all stand on loopback.
//!
//! Each test runs the binary in an environment of its own; the metadata service, whose address is
//! fixed, is reached by the library over a transport that leads to loopback.

mod auto;
mod clouds;
mod kinds;
mod office;
mod settings;
