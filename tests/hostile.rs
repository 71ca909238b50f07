//! Hostile and faulty input: the table in `docs/hostile-input.md` names tests that are there, and here are those that no
//! other file has, from a program's arguments to its exit code.

#[path = "hostile/doors.rs"]
mod doors;
#[path = "../xtask/src/guards/list.rs"]
pub mod guards;
#[path = "hostile/impostor.rs"]
mod impostor;
#[path = "hostile/meaning.rs"]
mod meaning;
mod support;
#[path = "hostile/tokens.rs"]
mod tokens;

use std::collections::BTreeSet;
use std::path::Path;

/// What is not named there is not shown by anything.
const HEADINGS: [&str; 11] = [
    "Exit codes",
    "Tokens",
    "Meaning",
    "git and keyring",
    "URLs",
    "Socket",
    "HTTP",
    "Storage",
    "Process",
    "Terminal",
    "What is promised: the command line and its HTTP",
];

/// A row of the table.
#[derive(Debug)]
struct Row<'a> {
    heading: &'a str,
    clause: &'a str,
    /// Path and function of each test.
    tests: Vec<&'a str>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/hostile-input.md")).expect("the page")
}

fn rows(page: &str) -> Vec<Row<'_>> {
    let (mut heading, mut rows) = ("", Vec::new());
    for line in page.lines() {
        heading = line.strip_prefix("## ").unwrap_or(heading);
        let is_row = line.starts_with('|') && !line.starts_with("|-") && line != "| clause | test |";
        if is_row {
            let cells = line.trim_matches('|');
            let (clause, tests) = cells.rsplit_once('|').unwrap_or((cells, ""));
            let tests = tests.split('`').skip(1).step_by(2).collect();
            rows.push(Row { heading, clause: clause.trim(), tests });
        }
    }
    rows
}

/// What is wrong with a page, a line each.
fn wrong(page: &str, is_test: impl Fn(&str) -> bool) -> Vec<String> {
    let rows = rows(page);
    let mut wrong: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for Row { heading, clause, tests } in &rows {
        if !HEADINGS.contains(heading) {
            wrong.push(format!("{clause}: under no heading of the list"));
        }
        if clause.is_empty() || !seen.insert(*clause) {
            wrong.push(format!("{heading}: a clause that is empty, or stands there twice: {clause}"));
        }
        if tests.is_empty() {
            wrong.push(format!("{heading}, {clause}: names no test"));
        }
        let missing = tests.iter().filter(|test| !is_test(test));
        wrong.extend(missing.map(|test| format!("{heading}, {clause}: there is no such test: {test}")));
    }
    let missing = HEADINGS.iter().filter(|heading| !page.lines().any(|line| line.strip_prefix("## ") == Some(heading)));
    wrong.extend(missing.map(|heading| format!("no heading {heading}")));
    wrong
}

/// Whether `PATH::FUNCTION` is a test that is run.
fn is_test(test: &str) -> bool {
    let Some((path, function)) = test.split_once("::") else { return false };
    let Ok(source) = std::fs::read_to_string(root().join(path)) else { return false };
    match path.rsplit_once('.') {
        Some((_, "rs")) => is_rust_test(&source, function),
        Some((_, "py")) => function.starts_with("test_") && source.contains(&format!("def {function}(")),
        _ => false,
    }
}

fn is_rust_test(source: &str, function: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let head = format!("fn {function}(");
    let begins = |line: &&str| line.strip_prefix("async ").unwrap_or(line).starts_with(&head);
    // The tests of fuzz targets are declared by a macro, each by its name and its target.
    let is_declared = source.contains("macro_rules! holds")
        && lines.iter().any(|line| line.strip_prefix(function).is_some_and(|rest| rest.starts_with(": \"")));
    let Some(at) = lines.iter().position(begins) else { return is_declared };
    let above: Vec<&&str> = lines[..at].iter().rev().take_while(|line| line.starts_with(['#', '/'])).collect();
    above.iter().any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
        && !above.iter().any(|line| line.starts_with("#[ignore"))
}

#[test]
fn every_test_that_the_table_names_is_there() {
    let page = page();
    assert!(rows(&page).len() >= 30, "the rows were not found");
    let wrong = wrong(&page, is_test);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_heading_has_its_clauses() {
    let page = page();
    let rows = rows(&page);
    let empty = HEADINGS.iter().filter(|heading| !rows.iter().any(|row| row.heading == **heading));
    assert_eq!(empty.collect::<Vec<_>>(), [] as [&&str; 0], "nothing is named under these");
}

/// `cargo xtask guards` takes them out one by one, which takes more than an hour.
#[test]
fn every_clause_has_a_guard_that_can_be_taken_out_and_is_missed_by_one_of_its_tests() {
    let (page, lists) = (page(), guards::read(root()).expect("the lists"));
    let rows = rows(&page);
    let guards: Vec<_> = lists.iter().flat_map(|list| &list.guards).collect();
    let names = |guard: &guards::Guard, row: &Row| {
        guard.clauses.iter().any(|clause| clause == row.clause) && row.tests.contains(&guard.test.as_str())
    };
    let unguarded = rows.iter().filter(|row| !guards.iter().any(|guard| names(guard, row)));
    let mut wrong: Vec<String> = unguarded.map(|row| format!("no guard: {}", row.clause)).collect();
    for guard in guards {
        let strays =
            guard.clauses.iter().filter(|clause| !rows.iter().any(|row| row.clause == **clause && names(guard, row)));
        wrong.extend(strays.map(|clause| format!("no row of {} says: {clause}", guard.test)));
        let source = std::fs::read_to_string(root().join(&guard.file)).unwrap_or_default();
        wrong.extend(guard.taken_out(&source).err());
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_table_with_a_row_that_shows_nothing_is_found_out() {
    let whole = HEADINGS.map(|heading| format!("## {heading}\n\n| clause | test |\n|---|---|\n")).join("\n");
    let with = |row: &str| wrong(&format!("{whole}{row}\n"), |test| test == "tests/a.rs::b");
    assert_eq!(with("| this | `tests/a.rs::b` |"), [] as [&str; 0]);
    for row in [
        "| this | |",
        "| this |",
        "| this | `tests/a.rs::c` |",
        "| this | `tests/a.rs::b`, `src/c.rs` |",
        "| | `tests/a.rs::b` |",
    ] {
        assert_eq!(with(row).len(), 1, "{row}");
    }
    assert_eq!(with("| this | `tests/a.rs::b` |\n| this | `tests/a.rs::b` |").len(), 1);
    assert_eq!(with("\n## Other\n| that | `tests/a.rs::b` |").len(), 1);
    assert_eq!(wrong(&whole.replace("## HTTP", "## http"), |_| true), ["no heading HTTP"]);
}

#[test]
fn only_what_is_run_is_a_test() {
    let source = "#[test]\nfn one() {}\n\n/// Words.\n#[tokio::test]\nasync fn two() {}\n\nfn three() {}\n\n\
                  #[test]\n#[ignore]\nfn four() {}\n\nproptest! {\n    #[test]\n    fn five(a in b()) {}\n}\n";
    let tests = ["one", "two", "three", "four", "five", "six"].map(|name| is_rust_test(source, name));
    assert_eq!(tests, [true, true, false, false, true, false]);
    let declared = "macro_rules! holds {}\nholds! {\n    seven: \"url\", body, 1;\n}\n";
    assert!(is_rust_test(declared, "seven") && !is_rust_test(declared, "eight"));
    assert!(is_test("tests/hostile.rs::only_what_is_run_is_a_test"));
    assert!(
        !is_test("tests/hostile.rs::is_test") && !is_test("tests/gone.rs::a") && !is_test("only_what_is_run_is_a_test")
    );
}
