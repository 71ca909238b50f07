//! `devpi-tokens doctor` on a machine that is set up, and with one thing wrong at a time: it names that and nothing else,
//! and what it says mends it, or whom to ask.

mod support;

#[path = "doctor/asks.rs"]
mod asks;
#[path = "doctor/desk.rs"]
mod desk;
#[path = "doctor/mends.rs"]
mod mends;
#[path = "doctor/replay.rs"]
mod replay;
#[path = "doctor/screens.rs"]
mod screens;
