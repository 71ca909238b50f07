//! The model behind `devpi-tokens can`, held against a real server: the same tokens, the same requests. The tests bear
//! the numbers of the rows of "How it judges" in the notes on the server.
//!
//! pymacaroons adds the caveats to a real root token. A test says all cases at once where the two disagree.

#[path = "judge/json.rs"]
mod json;
mod support;

#[path = "judge/replay.rs"]
mod replay;

use devpi_tokens::judge::{Answer, judge};
use devpi_tokens::token::Token;
use replay::Asked::{File, MakeIndex, ModifyIndex, Page, RemoveProject, Tokens, Upload};
use replay::{
    Asked, BASE, BOTH, Cases, EVERYWHERE, OTHER, OWN, PROJECT, PYMACAROONS, ROOT, agree, compared, now, restricted,
};

#[test]
fn each_outcome_is_the_same_on_own_base_and_other_index_up_and_down() {
    let all = "indexes=alice/base,alice/dev,alice/other";
    let granted: &Cases<'_> = &[
        (&[], EVERYWHERE),
        (&["allowed=pkg_read,upload", "expires=HOUR", all, "not_before=AGO", "projects=bed-judged"], EVERYWHERE),
    ];
    let refused: &Cases<'_> = &[(&["expires=AGO"], EVERYWHERE), (&["indexes=bob/dev"], EVERYWHERE)];
    let fails: &Cases<'_> = &[(&["allowed="], EVERYWHERE), (&["[0, 9999999999, 0]"], EVERYWHERE)];
    for (cases, outcome) in [(granted, "granted"), (refused, "refused"), (fails, "fails")] {
        assert_eq!(agree(cases), [outcome; 12]);
    }
}

#[test]
fn row_1_each_caveat_is_checked_on_its_own_and_later_ones_only_narrow() {
    agree(&[
        (&["expires=1", "expires=never"], BOTH),
        (&["expires=never", "expires=1"], BOTH),
        (&["expires=HOUR", "expires=HOUR"], BOTH),
        (&["not_before=HOUR", "not_before=AGO"], BOTH),
        (&["not_before=AGO", "not_before=HOUR"], BOTH),
        (&["allowed=pkg_read,upload", "allowed=pkg_read"], BOTH),
        (&["allowed=pkg_read", "allowed=pkg_read,upload"], BOTH),
        (&["allowed=upload", "allowed=pkg_read"], BOTH),
        (&["allowed=pkg_read,upload", "allowed=upload,pkg_read", "allowed=pkg_read,upload,del_entry"], BOTH),
        (&["indexes=alice/base,alice/dev", "indexes=alice/dev,alice/other"], EVERYWHERE),
        (&["indexes=alice/base", "indexes=alice/other"], EVERYWHERE),
        (&["projects=bed-judged,other", "projects=bed-judged"], BOTH),
        (&["projects=bed-judged", "projects=other"], BOTH),
        (&["projects=other", "projects=bed-judged"], BOTH),
    ]);
}

#[test]
fn row_2_an_unknown_key_is_refused() {
    agree(&[
        (&["colour=red"], EVERYWHERE),
        (&["Expires=never"], BOTH),
        (&[" expires=never"], BOTH),
        (&["expires =never"], BOTH),
        (&["project=bed-judged"], BOTH),
        (&["verify=1"], BOTH),
        (&["__class__=1"], BOTH),
        (&["=never"], BOTH),
        (&["="], BOTH),
        (&["expires"], BOTH),
        (&["allowed"], BOTH),
        (&[""], BOTH),
        (&["user"], BOTH),
        (&["expires:never"], BOTH),
        (&["expires=never", "colour=red"], BOTH),
        // Refused before it could fail.
        (&["allowed=", "colour=red"], BOTH),
        (&["[0, 9999999999, 0]", "colour=red"], BOTH),
    ]);
}

#[test]
fn row_4_expires_is_read_as_python_reads_it() {
    let longest = format!("expires={}", "9".repeat(4300));
    let longer = format!("expires={}", "9".repeat(4301));
    let zeros = format!("expires={}9999999999", "0".repeat(4291));
    let underscores = format!("expires={}9", "9_".repeat(2700));
    agree(&[
        (&["expires=never"], EVERYWHERE),
        (&["expires=HOUR"], EVERYWHERE),
        (&["expires=Never"], BOTH),
        (&["expires= never"], BOTH),
        (&["expires=never "], BOTH),
        (&["expires= 9999999999 "], BOTH),
        (&["expires=\t9999999999\r\n"], BOTH),
        (&["expires=\u{b}9999999999\u{c}"], BOTH),
        (&["expires=\u{a0}9999999999\u{3000}"], BOTH),
        (&["expires=\u{85}9999999999\u{2028}"], BOTH),
        (&["expires=\u{1c}9999999999"], BOTH),
        (&["expires=9999999999\u{1f}\u{a0}"], BOTH),
        (&["expires=\u{200b}9999999999"], BOTH),
        (&["expires=9_999_999_999"], BOTH),
        (&["expires=_9999999999"], BOTH),
        (&["expires=9999999999_"], BOTH),
        (&["expires=99__99999999"], BOTH),
        (&["expires=+_9999999999"], BOTH),
        (&["expires=+9999999999"], BOTH),
        (&["expires=+ 9999999999"], BOTH),
        (&["expires=++9999999999"], BOTH),
        (&["expires=-9999999999"], BOTH),
        (&["expires=\u{2212}9999999999"], BOTH),
        (&["expires=00009999999999"], BOTH),
        (&["expires=0"], BOTH),
        (&["expires=-0"], BOTH),
        (&["expires=0x2540BE3FF"], BOTH),
        (&["expires=٩٩٩٩٩٩٩٩٩٩"], BOTH),
        (&["expires=९९९९९९९९९९"], BOTH),
        (&["expires=９９９９９９９９９９"], BOTH),
        (&["expires=9٩9٩9٩9٩9٩"], BOTH),
        (&["expires=\u{1d7d7}\u{1d7e1}\u{1d7eb}\u{1d7f5}\u{1d7ff}99999"], BOTH),
        (&["expires=\u{1fbf9}\u{1e959}\u{11d59}\u{104a9}999999"], BOTH),
        (&["expires=²²²²²²²²²²"], BOTH),
        (&["expires=ⅨⅨⅨⅨⅨⅨⅨⅨⅨⅨ"], BOTH),
        (&["expires=1e10"], BOTH),
        (&["expires=9999999999.0"], BOTH),
        (&["expires=1.5"], BOTH),
        (&["expires="], BOTH),
        (&["expires= "], BOTH),
        (&["expires=-"], BOTH),
        (&["expires==9999999999"], BOTH),
        (&["expires=None"], BOTH),
        (&["expires=9999 999999"], BOTH),
        (&["expires=9999999999\0"], BOTH),
        (&["expires=999999999999999999999999999999999999999999999999999999999999"], BOTH),
        (&["expires=-999999999999999999999999999999999999999999999999999999999999"], BOTH),
        (&[&longest], BOTH),
        (&[&longer], BOTH),
        (&[&zeros], BOTH),
        (&[&underscores], BOTH),
    ]);
}

#[test]
fn row_4_not_before_is_read_as_python_reads_it() {
    agree(&[
        (&["not_before=AGO"], EVERYWHERE),
        (&["not_before=HOUR"], EVERYWHERE),
        (&["not_before=0"], BOTH),
        (&["not_before=-5"], BOTH),
        (&["not_before=+5"], BOTH),
        (&["not_before= 1_0 "], BOTH),
        (&["not_before=٥"], BOTH),
        (&["not_before=1e1"], BOTH),
        (&["not_before=1.5"], BOTH),
        (&["not_before="], BOTH),
        (&["not_before=never"], BOTH),
        (&["not_before=9223372036854775808"], BOTH),
        (&["not_before=-999999999999999999999999999999999999999999999999999999999999"], BOTH),
        (&["not_before=\u{1c}5"], BOTH),
        (&["not_before=AGO", "expires=HOUR"], BOTH),
    ]);
}

#[test]
fn row_6_whatever_is_wrong_is_403_and_never_401() {
    let outcomes = agree(&[
        (&["expires=AGO"], EVERYWHERE),
        (&["not_before=HOUR"], EVERYWHERE),
        (&["indexes=bob/dev"], EVERYWHERE),
        (&["allowed=del_entry"], EVERYWHERE),
        (&["colour=red"], EVERYWHERE),
        (&["projects=other"], &[Upload(OWN, PROJECT), Upload(BASE, PROJECT), Page("bed-app")]),
    ]);
    assert!(outcomes.iter().all(|outcome| *outcome == "refused"));
}

#[test]
fn row_6_a_token_for_which_another_server_would_have_to_agree_is_refused() {
    let refused = |token: &str, asked: Asked| assert_eq!(compared(token, asked), Ok("refused"), "{asked:?}");
    let elsewhere = PYMACAROONS.lock().expect("pymacaroons").restrict_elsewhere(&ROOT, "expires=never");
    let elsewhere = elsewhere.expect("a token");
    EVERYWHERE.iter().for_each(|asked| refused(&elsewhere, *asked));
    let failing = PYMACAROONS.lock().expect("pymacaroons").restrict(&elsewhere, &["allowed=".to_owned()]);
    let failing = failing.expect("a token");
    EVERYWHERE.iter().for_each(|asked| refused(&failing, *asked));
}

/// The server has fractions of a second, the model has none: a token ends with the first, begins with the last of them.
#[test]
fn row_6_a_token_ends_and_begins_at_its_very_second() {
    let begin = now();
    for (caveat, outcome) in [
        ("expires=SECOND", "refused"),
        ("not_before=SECOND", "granted"),
        ("[0, SECOND, 0]", "refused"),
        ("[0, 9999999999, SECOND]", "fails"),
        ("[0, SECOND.5, 0]", "fails"),
        ("[0, 9999999999, SECOND.5]", "refused"),
        (r#"{"nbf": 0, "exp": SECOND}"#, "refused"),
        (r#"{"nbf": SECOND, "exp": 9999999999}"#, "fails"),
        (r#"{"nbf": 0, "exp": SECOND.5}"#, "refused"),
    ] {
        loop {
            assert!(now() < begin + 60, "a request takes longer than a second");
            let second = now();
            let token = restricted(&[caveat.replace("SECOND", &second.to_string())]);
            let answered = compared(&token, File(BASE));
            if now() == second {
                assert_eq!(answered, Ok(outcome), "{caveat}");
                break;
            }
        }
    }
}

#[test]
fn row_8_a_file_needs_the_index_that_it_lies_on() {
    agree(&[
        (&["indexes=alice/dev"], EVERYWHERE),
        (&["indexes=alice/base"], EVERYWHERE),
        (&["indexes=alice/base,alice/dev,alice/mid"], EVERYWHERE),
        (&["indexes=alice/dev,alice/dev"], EVERYWHERE),
        (&["indexes= alice/dev , alice/base "], EVERYWHERE),
        (&["indexes=\u{a0}alice/dev\u{3000},\u{1c}alice/base\u{1f}"], EVERYWHERE),
        (&["indexes=Alice/dev,alice/DEV"], EVERYWHERE),
        (&["indexes=alice"], BOTH),
        (&["indexes=alice/*,*"], BOTH),
        (&["indexes=alice/dev/"], BOTH),
        (&["indexes=/alice/dev"], BOTH),
        (&["indexes=dev"], BOTH),
        (&["indexes=alice/dev;alice/base"], BOTH),
        (&["indexes=alice/devel,alice/de"], BOTH),
        (&["allowed=pkg_read", "indexes=alice/base"], EVERYWHERE),
    ]);
}

#[test]
fn row_9_projects_hold_for_uploads_and_pages_and_never_for_files() {
    const OF_NAMES: &[Asked] =
        &[RemoveProject("5"), RemoveProject("1-5"), RemoveProject("none"), RemoveProject("true")];
    const OF_MANY: &[Asked] = &[
        File(OWN),
        File(BASE),
        Upload(OWN, "bed-judged"),
        Upload(OWN, "Bed_Judged"),
        Upload(OWN, "bed.JUDGED"),
        Upload(OWN, "bed-_.judged"),
        Page("bed-app"),
        RemoveProject("bed-judged-never"),
    ];
    agree(&[
        (&["projects=bed-judged"], OF_MANY),
        (&["projects=bed-app"], OF_MANY),
        (&["projects=bed-judged-never"], OF_MANY),
        (&["projects=Bed_Judged,BED.App"], OF_MANY),
        (&["projects= bed-judged , bed-app"], OF_MANY),
        (&["projects=bed---judged,bed-._app"], OF_MANY),
        (&["projects=bed judged,bed app"], OF_MANY),
        (&["projects=bed/judged,bed*app"], OF_MANY),
        (&["projects=bed=judged"], OF_MANY),
        (&["projects=bedäjudged"], OF_MANY),
        (&["projects=bed-judged\u{212a}"], OF_MANY),
        (&["projects=bed-judged-"], OF_MANY),
        (&["projects=_bed-judged"], OF_MANY),
        (&["projects=bedjudged"], OF_MANY),
        (&["projects=bed-judge,bed-judgedd"], OF_MANY),
        (&["projects=bed-*"], OF_MANY),
        (&["projects=\u{1c}bed-judged\u{3000}"], OF_MANY),
        // Nor does a page: it asks for no permission, so nothing fails over JSON there.
        (&["[1, [\"bed-judged\", \"bed app\"]]"], &OF_MANY[..6]),
        (&["[1, [5, null]]"], OF_NAMES),
        (&["[1, [1.5, true]]"], OF_NAMES),
        (&["[1, [false, [5], {\"5\": 5}]]"], OF_NAMES),
        (&["projects=none,5"], OF_NAMES),
    ]);
}

#[test]
fn row_11_without_allowed_a_token_makes_and_changes_indexes() {
    const ADMIN: &[Asked] = &[
        MakeIndex("alice/judged"),
        ModifyIndex(OTHER),
        RemoveProject("bed-judged-never"),
        File(OTHER),
        Upload(OTHER, PROJECT),
    ];
    agree(&[
        (&[], ADMIN),
        (&["expires=HOUR"], ADMIN),
        (&["allowed=pkg_read"], ADMIN),
        (&["allowed=index_create"], ADMIN),
        (&["allowed=index_modify"], ADMIN),
        (&["allowed=index_create,index_modify,pkg_read,upload"], ADMIN),
        (&["allowed=del_project,index_delete"], ADMIN),
        (&["allowed=index_create", "indexes=alice/judged"], ADMIN),
        (&["indexes=alice/dev"], ADMIN),
        (&["indexes=alice/judged,alice/other"], ADMIN),
        (&["projects=none"], ADMIN),
        (&["allowed=,index_create"], ADMIN),
        (&[r#"{"version": 1, "permissions": "user"}"#], ADMIN),
    ]);
}

#[test]
fn row_12_no_token_makes_lists_or_deletes_tokens() {
    agree(&[
        (&[], &[Tokens]),
        (&["expires=HOUR"], &[Tokens]),
        (&["expires=AGO"], &[Tokens]),
        (&["allowed=user_modify"], &[Tokens]),
        (&["allowed=user_create,user_delete,user_login,user_modify"], &[Tokens]),
        (&["allowed=upload"], &[Tokens]),
        (&["indexes=alice/dev"], &[Tokens]),
        (&["indexes=bob/dev"], &[Tokens]),
        (&["projects=none"], &[Tokens]),
        (&["colour=red"], &[Tokens]),
        // Where it fails over a caveat, it does so before it refuses.
        (&["allowed="], &[Tokens]),
        (&["allowed=user_modify,"], &[Tokens]),
        (&["indexes=,bob/dev"], &[Tokens]),
        (&["projects=,none"], &[Tokens]),
        (&["[0, 9999999999, 0]"], &[Tokens]),
        (&["[0, 1, 0]"], &[Tokens]),
    ]);
}

#[test]
fn the_time_that_is_asked_about_decides_and_not_the_present() {
    let token = Token::parse(&restricted(&["not_before=1000".to_owned(), "expires=2000".to_owned()])).expect("a token");
    let answer = |at| matches!(judge(&token, &File(OWN).wish(at)), Answer::Granted);
    assert_eq!([999, 1000, 1999, 2000].map(answer), [false, true, true, false]);
}
