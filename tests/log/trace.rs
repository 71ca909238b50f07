//! From a token to the process that it was made for.

use super::*;

#[test]
fn two_hand_outs_of_one_second_are_traced_to_two_processes() {
    let home = Home::with_alice();
    let url = BED.simple_url("alice/dev");
    // Now and then a second ends between the two.
    for _ in 0..20 {
        let both = [(); 2].map(|()| shell(&home, &["get", &url]).spawn().expect("a shell"));
        let both = both.map(|child| child.wait_with_output().expect("it ends"));
        let times: Vec<u64> = entries(&home, &["-n", "2"]).iter().map(|entry| entry.at).collect();
        if times[0] != times[1] {
            continue;
        }
        let said = both.map(|done| (err(&done).trim().to_owned(), out(&done).trim().to_owned()));
        assert_ne!(said[0].1, said[1].1, "two tokens");
        for (own, other) in [(0, 1), (1, 0)] {
            let (exit, told) = trace(&home, &said[own].1, &[]);
            assert_eq!(exit, Some(0), "{told}");
            assert!(told.contains(&format!("(process {})", said[own].0)), "{told}");
            assert!(!told.contains(&format!("(process {})", said[other].0)), "{told}");
        }
        for file in files(&home) {
            let text = String::from_utf8_lossy(&file);
            let held = said.iter().any(|(_, token)| text.contains(token.trim_start_matches("devpi-")));
            assert!(!held, "the log has a token");
        }
        return;
    }
    panic!("no two hand-outs in one second");
}

#[test]
fn a_token_is_traced_in_whatever_spelling_it_is_met_and_after_its_holder_narrowed_it() {
    let home = Home::with_alice();
    let token = got(&home);
    let pair = format!("alice:{token}");
    let soon = format!("expires={}", std::time::UNIX_EPOCH.elapsed().expect("a clock").as_secs() + 60);
    for met in [
        token.clone(),
        token.replace("devpi-", ""),
        pair.clone(),
        format!("https://{pair}@host/alice/dev/+simple/"),
        format!("Authorization: Basic {}", STANDARD.encode(&pair)),
        format!("X-Devpi-Auth: {}", STANDARD.encode(&pair)),
        STANDARD.encode(&pair),
        BED.restrict(&token, &[&soon, "indexes=alice/dev"]).expect("a token"),
    ] {
        let (exit, told) = trace(&home, &met, &[]);
        assert_eq!(exit, Some(0), "{told}");
        assert!(told.contains("still kept") && told.contains("may         pkg_read"), "{told}");
    }
    assert!(home.cli(&["agent", "stop"]).status().expect("stop").success());
    let (exit, told) = trace(&home, &token, &["--json"]);
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((exit, told["handed_out"].as_array().map(Vec::len)), (Some(0), Some(1)), "no agent is needed: {told}");
    assert_eq!(home.agent(), None, "and none is started");
}

#[test]
fn a_token_that_was_not_handed_out_is_not_in_the_log() {
    let home = Home::new("memory");
    let root = BED.create_token("alice", &json!({})).expect("a token");
    let (exit, told) = trace(&home, &root, &[]);
    assert_eq!(exit, Some(1));
    assert!(told.contains("is not in the log, which is empty"), "{told}");
    let kept = fed(home.cli(&["login", "-f", "-", &BED.simple_url("alice/dev")]), &format!("{root}\n"));
    assert!(kept.status.success(), "{}", err(&kept));
    let token = got(&home);
    let shape: [&str; 4] = ["allowed=pkg_read", "expires=1795460460", "indexes=alice/dev", "not_before=1795456850"];
    let stranger = BED.create_token("bob", &json!({})).expect("a token");
    let other = BED.create_token("alice", &json!({})).expect("a token");
    for (made, words) in [
        (BED.restrict(&stranger, &shape).expect("a token"), ", which begins on "),
        (BED.restrict(&other, &shape).expect("a token"), ", which begins on "),
        (BED.restrict(&root, &shape).expect("a token"), "though it was made from a token that is kept here"),
        (root, "it is never handed out"),
    ] {
        let (exit, told) = trace(&home, &made, &[]);
        assert_eq!(exit, Some(1), "{told}");
        assert!(told.contains(words), "{told}");
        let (exit, told) = trace(&home, &made, &["--json"]);
        assert_eq!(exit, Some(1), "{told}");
        assert!(told.contains("\"handed_out\":[]"), "{told}");
    }
    assert_eq!(trace(&home, &token, &[]).0, Some(0), "the control");
}
