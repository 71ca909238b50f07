//! The agent's life: started by whoever needs it, never twice, gone and back.

mod support;

use support::{BED, Home, err, out};

#[test]
fn a_login_is_enough_for_a_fresh_token() {
    let home = Home::with_alice();
    let got = home.cli(&["get", &BED.simple_url("alice/dev")]).output().expect("get");
    assert!(got.status.success(), "{}", err(&got));
    assert!(out(&got).starts_with("devpi-"), "a token");
}
