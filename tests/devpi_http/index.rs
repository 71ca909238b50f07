//! What a server says of its indexes.

use super::*;

fn bases(pages: &[(&str, &[&str])]) -> Fake {
    let config = |bases: &[&str]| {
        let list: Vec<String> = bases.iter().map(|base| format!("{base:?}")).collect();
        format!(r#"{{"type":"indexconfig","result":{{"bases":[{}]}}}}"#, list.join(","))
    };
    let pages: Vec<(String, String)> =
        pages.iter().map(|(index, bases)| (format!("/{index}?no_projects="), config(bases))).collect();
    Fake::pages(&pages.iter().map(|(path, body)| (path.as_str(), body.as_str())).collect::<Vec<_>>())
}

#[test]
fn the_bases_are_all_found_in_order_also_in_a_circle() {
    let fake = bases(&[
        ("alice/dev", &["alice/mid", "alice/last", "alice/gone"]),
        ("alice/mid", &["alice/base"]),
        ("alice/base", &["alice/dev", "alice/last"]),
        ("alice/last", &[]),
    ]);
    let token = Secret::new("devpi-x");
    let found = fake.server().bases(&dev(), Some((&alice(), &token)), Duration::from_secs(5)).expect("the bases");
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["alice/mid", "alice/base", "alice/last", "alice/gone"]);
    assert_eq!(fake.asked().len(), 5);
    // base64 of `alice:devpi-x`.
    assert!(fake.seen.lock().expect("the list")[0].contains("Basic YWxpY2U6ZGV2cGkteA=="));
}

#[test]
fn bases_have_limits_in_number_and_time_and_an_index_has_to_be_there() {
    let names: Vec<String> = (0..70).map(|number| format!("alice/b{number}")).collect();
    let chain: Vec<(String, Vec<&str>)> =
        (0..69).map(|number| (names[number].clone(), vec![names[number + 1].as_str()])).collect();
    let pages: Vec<(&str, &[&str])> = chain.iter().map(|(name, next)| (name.as_str(), next.as_slice())).collect();
    let first = names[0].parse().expect("an index");
    let error = bases(&pages).server().bases(&first, None, Duration::from_secs(5)).expect_err("too many");
    assert_eq!(error.to_string(), "alice/b0 has more than 63 bases");

    let slow = Fake::new(|_, stream| {
        std::thread::sleep(Duration::from_millis(150));
        stream
            .write_all(status("200 OK", r#"{"type":"indexconfig","result":{"bases":["a/b","a/c","a/d"]}}"#).as_bytes())
    });
    let error = slow.server().bases(&dev(), None, Duration::from_millis(250)).expect_err("too slow");
    assert!(error.to_string().ends_with("did not answer within 0.25 s"), "{error}");

    let error = bases(&[]).server().bases(&dev(), None, Duration::from_secs(5)).expect_err("no such index");
    assert!(error.to_string().ends_with("has no alice/dev: 404 Not Found"), "{error}");
    let odd = bases(&[("alice/dev", &["alice/../x"])]);
    assert_eq!(odd.server().bases(&dev(), None, Duration::from_secs(5)).expect_err("no name").exit() as u8, 76);
}

#[test]
fn who_may_read_is_told_from_the_answer_to_nobody() {
    let access = |answer: &str| Fake::bytes(answer).server().access(&dev()).expect("an answer");
    assert_eq!(access(&status("404 x", "")), Access::Open);
    assert_eq!(access(&status("200 x", "")), Access::Open);
    assert_eq!(access(&status("401 x", "")), Access::Asks);
    assert_eq!(access(&status("403 x", "")), Access::Refuses);
    assert_eq!(access(&status("502 x", "")), Access::Other(502));
    let redirect = "HTTP/1.1 302 x\r\nLocation: /+login\x1b\r\nContent-Length: 0\r\n\r\n".replace('\x1b', "\u{9b}");
    assert_eq!(access(&redirect), Access::Redirects(r"/+login\x9b".to_owned()));
}
