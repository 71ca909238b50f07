//! Chores of the project: `cargo xtask demo|test|assets|bench`.
fn main() {}
