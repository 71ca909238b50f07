//! What a client cannot do with what the agent gives it; what it can is in `tests/table.rs`.

mod support;

use support::run::{client_with_shim, run};
use support::{BED, Home, err};

// uv keeps what a keyring answers for the index only where the page of the project was there.
#[test]
fn uv_that_publishes_a_new_project_to_a_named_index_has_to_be_told_the_user() {
    let home = Home::with_alice();
    let client = client_with_shim(&home);
    let text = format!(
        "keyring-provider = \"subprocess\"\n[[index]]\nname = \"dev\"\nurl = \"{}\"\npublish-url = \"{}\"\n\
         authenticate = \"always\"\n",
        BED.simple_url("alice/dev"),
        BED.index_url("alice/dev")
    );
    std::fs::write(client.home().join("uv.toml"), text).expect("uv.toml");
    let mut uv = client.uv(["publish", "--index", "dev"]);
    uv.arg(BED.new_upload("bed-new", "0.1").expect("a wheel"));
    let refused = run(&home, uv);
    assert!(!refused.status.success());
    assert!(err(&refused).contains("Missing credentials for"), "{}", err(&refused));
}
