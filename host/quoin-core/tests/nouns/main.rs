//! The nouns of the host, as those who use them meet them.

mod descriptions;
mod limits;
mod manifests;
mod names;
mod patterns;
mod problems;
mod shops;
mod types;
mod visible;
