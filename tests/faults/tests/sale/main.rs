//! A sale on disks that lose power, fail and fill up, through the host's own rooms.

mod books;
mod broken;
mod change;
mod crowd;
mod host;
mod power;
mod state;
