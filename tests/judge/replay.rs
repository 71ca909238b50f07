//! A request that can be made of both, and the replay of a row's cases against the model and the server.

use std::sync::{LazyLock, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use devpi_tokens::judge::{Answer, Wish, judge};
use devpi_tokens::token::Token;
use serde_json::json;
use testbed::{Auth, Pymacaroons, Reply, get, send, upload};

use self::Asked::{File, MakeIndex, ModifyIndex, Page, RemoveProject, Tokens, Upload};
use crate::support::{BED, TOOLS};

/// Alice's root token with nothing but an end.
pub(crate) static ROOT: LazyLock<String> =
    LazyLock::new(|| BED.create_token("alice", &json!({})).expect("a root token"));

pub(crate) static PYMACAROONS: LazyLock<Mutex<Pymacaroons>> =
    LazyLock::new(|| Mutex::new(Pymacaroons::start(&TOOLS).expect("pymacaroons")));

/// A project that nobody else uses: its file is uploaded over and over, by other names of it, too.
pub(crate) const PROJECT: &str = "bed-judged";
static WHEEL: LazyLock<std::path::PathBuf> = LazyLock::new(|| BED.new_upload(PROJECT, "1.0").expect("a wheel"));

/// An index, the one that inherits from it or not, and the project whose file lies on it.
pub(crate) const OWN: &str = "alice/dev";
pub(crate) const BASE: &str = "alice/base";
pub(crate) const OTHER: &str = "alice/other";
const PLACES: [(&str, &str); 3] = [(OWN, "bed-app"), (BASE, "bed-core"), (OTHER, "bed-extra")];

/// A request that can be made of both.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked {
    /// Downloads the file that lies on the index.
    File(&'static str),
    /// Uploads the wheel to the index, as a project of that name.
    Upload(&'static str, &'static str),
    /// Reads the simple page of a project of the own index, behind nginx.
    Page(&'static str),
    /// Makes an index.
    MakeIndex(&'static str),
    /// Changes the rights of the index to what they are.
    ModifyIndex(&'static str),
    /// Removes a project that is not there from the own index.
    RemoveProject(&'static str),
    /// Lists alice's tokens.
    Tokens,
}

/// Uploads and downloads, on three indexes.
pub(crate) const EVERYWHERE: &[Asked] =
    &[File(OWN), File(BASE), File(OTHER), Upload(OWN, PROJECT), Upload(BASE, PROJECT), Upload(OTHER, PROJECT)];
/// One of each.
pub(crate) const BOTH: &[Asked] = &[File(BASE), Upload(OWN, PROJECT)];

impl Asked {
    pub(crate) fn wish(self, at: u64) -> Wish {
        let (permission, index, project) = match self {
            File(index) => ("pkg_read", index, None),
            Upload(index, project) => ("upload", index, Some(project)),
            Page(project) => ("pkg_read", OWN, Some(project)),
            MakeIndex(index) => ("index_create", index, None),
            ModifyIndex(index) => ("index_modify", index, None),
            RemoveProject(project) => ("del_project", OWN, Some(project)),
            // The request names neither, whatever a person says to the model.
            Tokens => ("user_modify", OWN, Some(PROJECT)),
        };
        Wish {
            permission: permission.parse().expect("a permission"),
            index: index.parse().expect("an index"),
            project: project.map(|project| project.parse().expect("a project")),
            at,
        }
    }

    pub(crate) fn send(self, token: &str) -> Reply {
        let direct = BED.direct_url();
        let auth = Auth::Basic("alice", token);
        let api = Auth::Devpi("alice", token);
        let answer = match self {
            File(index) => get(&file_on(index), auth),
            Upload(index, project) => upload(&format!("{direct}/{index}/"), auth, [project, "1.0"], &WHEEL),
            Page(project) => BED.get(&format!("{OWN}/+simple/{project}/"), auth),
            MakeIndex(index) => make_index(&format!("{direct}/{index}"), api),
            ModifyIndex(index) => send("PATCH", &format!("{direct}/{index}"), api, Some(&json!(["acl_upload=alice"]))),
            RemoveProject(project) => send("DELETE", &format!("{direct}/{OWN}/{project}"), api, None),
            Tokens => send("GET", &format!("{direct}/alice/+tokens"), api, None),
        };
        answer.expect("an answer")
    }

    /// What the status means. What is not there is removed by those who may remove it.
    pub(crate) fn outcome(self, status: u16) -> &'static str {
        match (self, status) {
            (_, 200) | (RemoveProject(_), 404) => "granted",
            (_, 403) => "refused",
            (_, 500) => "fails",
            _ => "neither",
        }
    }
}

/// Makes an index and removes it again: where one is there already, nobody looks at a token.
fn make_index(url: &str, auth: Auth<'_>) -> testbed::Result<Reply> {
    let made = send("PUT", url, auth, Some(&json!({"bases": []})))?;
    if made.status == 200 {
        let removed = send("DELETE", url, Auth::Devpi("alice", &ROOT), None)?;
        assert_eq!(removed.status, 201, "{}", removed.body);
    }
    Ok(made)
}

/// The address of the file that lies on an index.
fn file_on(index: &str) -> String {
    static FILES: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
        let direct = BED.direct_url();
        let find = |(index, project): (&'static str, &str)| {
            let page = get(&format!("{direct}/{index}/+simple/{project}/"), Auth::None).expect("a page").body;
            let link = page.split('"').find(|part| part.contains(".whl")).expect("a file").to_owned();
            // The link is relative; the part that counts is the same wherever it is linked from.
            let (_, file) = link.split('#').next().and_then(|link| link.split_once("+f/")).expect("an address");
            (index, format!("{direct}/{index}/+f/{file}"))
        };
        PLACES.into_iter().map(find).collect()
    });
    FILES.iter().find(|(known, _)| *known == index).map(|(_, url)| url.clone()).expect("an index with a file")
}

pub(crate) fn restricted(caveats: &[String]) -> String {
    PYMACAROONS.lock().expect("pymacaroons").restrict(&ROOT, caveats).expect("a token")
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// The outcome by the model, and the caveat that decides.
fn by_the_model(token: &str, asked: Asked, at: u64) -> (&'static str, String) {
    match judge(&Token::parse(token).expect("a token"), &asked.wish(at)) {
        Answer::Granted => ("granted", String::new()),
        Answer::Refused { caveat, why } => ("refused", format!("{why:?} {caveat:?}")),
        Answer::Fails { caveat } => ("fails", caveat),
    }
}

/// What both answer to a request, where it is the same; else how they disagree.
pub(crate) fn compared(token: &str, asked: Asked) -> Result<&'static str, String> {
    let (model, decides) = by_the_model(token, asked, now());
    let reply = asked.send(token);
    let server = asked.outcome(reply.status);
    if model == server {
        return Ok(server);
    }
    Err(format!("the server: {server} ({}), the model: {model} ({decides})", reply.status))
}

/// Lists of caveats with the requests to make with each; `HOUR` in a caveat is the second an hour from now, `AGO` the
/// one an hour back.
pub(crate) type Cases<'a> = [(&'a [&'a str], &'a [Asked])];

/// Makes every request of every case of a row, at least ten of them; gives the outcomes that were seen.
pub(crate) fn agree(cases: &Cases<'_>) -> Vec<&'static str> {
    let (hour, ago) = ((now() + 3600).to_string(), (now() - 3600).to_string());
    let mut outcomes = Vec::new();
    let mut disagreements = Vec::new();
    for (caveats, asked) in cases {
        let written: Vec<String> =
            caveats.iter().map(|caveat| caveat.replace("HOUR", &hour).replace("AGO", &ago)).collect();
        let token = restricted(&written);
        for asked in *asked {
            match compared(&token, *asked) {
                Ok(outcome) => outcomes.push(outcome),
                Err(how) => disagreements.push(format!("{written:?} {asked:?}: {how}")),
            }
        }
    }
    let count = disagreements.len();
    assert!(disagreements.is_empty(), "{count} of {}:\n{}", outcomes.len() + count, disagreements.join("\n"));
    assert!(outcomes.len() >= 10, "only {} cases", outcomes.len());
    outcomes
}
