//! Requests to other systems and mail: the one HTTP client of the host, the one that speaks SMTP, and the
//! secrets that they use.
//!
//! An [`Egress`] is the host's: the key of the secrets, which networks may be reached, how much is under
//! way. An [`Outlet`] is a shop's: its secrets, sealed, its share of all that, and the last exchanges. What
//! a request may name is decided by a grant, and where it goes by the address that its name resolves to:
//! only public ones, and those that the operator has named, and the connection is made to the very
//! address that was looked at.

mod address;
mod bucket;
mod compose;
mod connect;
mod egress;
mod exchanges;
mod fill;
mod idle;
mod key;
mod mail;
mod message;
mod outlet;
mod place;
mod post;
mod prepare;
mod redact;
mod relay;
mod resolve;
mod secrets;
mod tls;

pub use address::{InvalidNetwork, Network};
pub use egress::{Egress, Options};
pub use exchanges::Exchange;
pub use key::KeyError;
pub use mail::{Mail, MailError, Mailbox, Receipt};
pub use message::{Encoding, Error, Request, Response, Signature};
pub use outlet::{Outlet, Sender};
pub use prepare::granted;
pub use secrets::SecretState;
