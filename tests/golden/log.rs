//! What `log`, `trace` and `explain` say.

use super::*;

#[test]
fn errors_of_the_log_and_of_what_is_told_from_it() {
    offline(
        "errors_log",
        &[
            (&["log"], ""),
            (&["log", "--for", "fun"], ""),
            (&["log", "--since", "soon"], ""),
            (&["log", "--index", "dev"], ""),
            (&["log", "-n", "few"], ""),
            (&["trace"], ""),
            (&["trace"], "garbage\n"),
            (&["trace"], "https://devpi.example/\n"),
            (&["trace", "--file", "none"], ""),
            (&["trace", "--file", "pypi"], ""),
            (&["trace", "--file", "reader"], ""),
            (&["explain"], ""),
            (&["explain", "ftp://host/"], ""),
            (&["explain", NOBODY], ""),
        ],
    );
}

#[test]
fn what_pip_uv_and_twine_would_get_is_explained() {
    let (simple, index) = (BED.simple_url("alice/dev"), BED.index_url("alice/dev"));
    let home = Home::with_alice();
    let mut told = Told::new(&home);
    for args in [
        &["explain", &simple][..],
        &["explain", &index, "--project", "bed-app"],
        &["explain", &(simple.clone() + "bed-app/")],
        &["explain", &BED.url()],
        &["explain", &(BED.url() + "/alice/")],
        &["explain", &BED.simple_url("bob/dev")],
        &["explain", NOBODY],
        &["explain", "127.0.0.1"],
        &["explain", "https://devpi.example/"],
    ] {
        told.tell((args, ""));
    }
    let root = home.roots().remove(0);
    told.text = told.text.replace(root.id.as_str(), "TOKENID");
    // Of a leap year a day more is left.
    told.text = told.text.replace("in 1 year (", "in 364 days (").replace("in 365 days (", "in 364 days (");
    let at = told.text.find("364 days (").expect("an end") + "364 days (".len();
    let date = told.text[at..at + told.text[at..].find(')').expect("its end")].to_owned();
    told.text = told.text.replace(&date, "DATE");
    told.golden("explain");
}
