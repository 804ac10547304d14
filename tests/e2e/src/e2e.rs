//! The whole system, driven as its clients drive it: the real host, over real HTTP. One module for
//! each promise.

mod before;
mod calls;
mod card;
mod egress;
mod feed;
mod files;
mod gateway;
mod given;
mod input;
mod kept;
mod killed;
mod later;
mod linking;
mod mail;
mod once;
mod operator;
mod request;
mod sale;
mod storage;
mod swap;
mod tenants;
mod tidy;
mod webhooks;
