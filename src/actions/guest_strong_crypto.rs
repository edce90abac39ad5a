//! `guest.strong_crypto`: lets .NET programs use TLS 1.2.
//!
//! ```yaml
//! - id: tls
//!   title: Let .NET programs use TLS 1.2
//!   action: guest.strong_crypto
//! ```

use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Plain, Scripted, Words};
use crate::actions::guest::windows::STRONG_CRYPTO;
use crate::azure::views::OsType;

/// `guest.strong_crypto`.
pub type GuestStrongCrypto = Guest<StrongCrypto>;

/// Sets `SchUseStrongCrypto`.
#[derive(Debug)]
pub struct StrongCrypto;

impl Scripted for StrongCrypto {
    type Args = Plain;
    const NAME: &'static str = "guest.strong_crypto";
    const SENTENCE: &'static str = "Lets .NET programs of a Windows guest use TLS 1.2";
    const SCRIPTS: &'static [Script] = &[STRONG_CRYPTO];

    fn script(_: &Plain, os: OsType) -> Option<Script> {
        (os == OsType::Windows).then_some(STRONG_CRYPTO)
    }

    fn told(_: &Plain) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn words(_: &Plain) -> Words {
        Words {
            look: "whether .NET programs may use TLS 1.2".to_owned(),
            act: "let .NET programs use TLS 1.2".to_owned(),
            done: ".NET programs may use TLS 1.2".to_owned(),
        }
    }

    fn otherwise(args: &Plain) -> Option<&str> {
        args.otherwise.as_deref()
    }
}
