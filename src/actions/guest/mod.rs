//! What runs inside the guest: fixed scripts, reviewed and hashed. Data never becomes code:
//! arguments travel as Run Command parameters from a fixed allow-list.

pub mod run;
