//! Where to begin: inputs for each target that get far, made from the tokens in `tests/vectors/` and from what clients
//! really say.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

const TOKENS: &str = include_str!("../../tests/vectors/tokens.json");
const INSPECTED: &str = include_str!("../../tests/vectors/inspect.json");

/// Every target with its seeds.
pub fn all() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let tokens = tokens();
    let bytes = |text: &String| {
        let bare = text.trim_start_matches("devpi-").trim_start_matches("pypi-");
        URL_SAFE_NO_PAD.decode(bare).expect("a token of the vectors")
    };
    let (second, first): (Vec<_>, Vec<_>) = tokens.iter().map(bytes).partition(|bytes| bytes[0] == 2);
    let second = second.iter().map(|bytes| bytes[1..].to_vec()).collect();
    vec![
        ("token_text", tokens.iter().map(|text| text.clone().into_bytes()).collect()),
        ("macaroon_v1", first.iter().cloned().chain(first.iter().map(|bytes| without_lengths(bytes))).collect()),
        ("macaroon_v2", second),
        ("caveats", texts(&caveats())),
        ("url", texts(&URLS.map(str::to_owned))),
        ("git_lines", texts(&GIT.map(str::to_owned))),
        ("keyring_argv", texts(&KEYRING.map(str::to_owned))),
        ("frame", frames()),
        ("client_files", texts(&CLIENTS.map(|parts| parts.join("\0")))),
        ("limits", texts(&LIMITS.map(str::to_owned))),
        ("vault_file", texts(&vaults(&tokens[0]))),
    ]
}

fn texts(texts: &[String]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.clone().into_bytes()).collect()
}

/// Every token of the vectors.
fn tokens() -> Vec<String> {
    let known: Value = serde_json::from_str(TOKENS).expect("tokens.json");
    let inspected: Value = serde_json::from_str(INSPECTED).expect("inspect.json");
    let derived = known["derived"].as_array().into_iter().flatten().flat_map(|case| [&case["root"], &case["derived"]]);
    let others = ["format_1", "third_party", "format_1_third_party"].map(|name| &known[name]);
    let inspected = inspected.as_array().into_iter().flatten().map(|case| &case["token"]);
    derived.chain(others).chain(inspected).map(|token| token.as_str().expect("a token").to_owned()).collect()
}

/// The lines of a macaroon of format 1 without the length in front of each.
fn without_lengths(bytes: &[u8]) -> Vec<u8> {
    let (mut lines, mut rest) = (Vec::new(), bytes);
    while let Some((digits, after)) = rest.split_first_chunk::<4>() {
        let digits = str::from_utf8(digits).expect("digits");
        let (line, after) = after.split_at(usize::from_str_radix(digits, 16).expect("a length") - 4);
        lines.extend_from_slice(line);
        rest = after;
    }
    lines.pop();
    lines
}

/// Messages, the same in frames, and lengths at the edge of what is taken.
fn frames() -> Vec<Vec<u8>> {
    let framed = |length: u32, content: &str| [&length.to_be_bytes(), content.as_bytes()].concat();
    let whole = FRAMES.iter().flat_map(|content| [content.as_bytes().to_vec(), framed(content.len() as u32, content)]);
    let edges = [0, 1, 65535, 65536, 65537, u32::MAX].map(|length| framed(length, FRAMES[7]));
    whole.chain(edges).collect()
}

/// The caveats of the vectors, and the other forms that a server takes or stumbles over.
fn caveats() -> Vec<String> {
    let known: Value = serde_json::from_str(TOKENS).expect("tokens.json");
    let lines = |case: &Value| {
        let all =
            ["root_caveats", "added"].into_iter().flat_map(|key| case[key].as_array().cloned().unwrap_or_default());
        all.filter_map(|caveat| caveat.as_str().map(str::to_owned)).collect::<Vec<_>>().join("\n")
    };
    let cases = known["derived"].as_array().into_iter().flatten().map(lines);
    cases.chain(CAVEATS.map(str::to_owned)).collect()
}

const CAVEATS: [&str; 8] = [
    "allowed=pkg_read,upload\nexpires=1795460400\nallowed=upload\nprojects=my-pkg,Pkg_2\nindexes=a/x,a-b/y",
    "allowed=pkg_read, upload\nindexes=alice/dev,\nexpires= 1795460400 \nexpires=+1_000",
    "expires=never\nnot_before=1794999000\nexpires=1795020000\nindexes=alice/dev,alice/base",
    "{\"version\": 1, \"permissions\": \"user\"}\n{\"nbf\": 1, \"exp\": 1795460400}\nexpires=1795460400",
    "{\"version\": 1, \"permissions\": {\"projects\": [\"my-pkg\"]}}\n[0, 1795460400, 1]\n[1, [\"my-pkg\"]]",
    "indexes=a/x\nindexes=a/y\nallowed=user_login\nprojects=p",
    "x=\u{1b}]52;c;\u{7}\n\u{202e}=\u{9b}\ncolour=red\nexpires=\u{661}\u{662}",
    "third-party: expires=1\n=\n\nexpires\nallowed=",
];

const URLS: [&str; 9] = [
    "https://corp\nhttps://corp/devpi\nhttp://solo:3141\nhttps://corp/devpi/alice/dev/+simple/pkg/?x=1#y",
    "https://corp\nhttps://corp/devpi\nhttps://corp/devpi-evil/alice/dev/",
    "http://127.0.0.1:3141\nhttp://alice@127.0.0.1:3141/alice/dev/+simple/",
    "http://[::1]:3141/\nhttp://[::1]:3141/alice/dev-evil/",
    "http://solo:3141\nhttps://solo:3141\nsolo:3141",
    "https://Corp.Example:0443/devpi/\ncorp.example",
    "https://h\nhttps://h@evil.invalid/alice/dev/",
    "https://h\nhttps://h\\@evil.invalid/a/../b%2e;c//d",
    "https://h\nhttps://u:p@h/alice/dev/",
];

const GIT: [&str; 6] = [
    "capability[]=authtype\nprotocol=https\nhost=h:3141\npath=alice/dev/\nusername=alice\nwwwauth[]=Basic realm=\"x\"\n\n",
    "protocol=http\nhost=127.0.0.1:3141\n",
    "protocol=https\nhost=[::1]:3141\npath=a?b#c@d:e\n",
    "protocol=smtp\nhost=h:25\nusername=alice\n",
    "protocol=https\nhost=h\r\n\n",
    "url=https://h/\nprotocol=https\nhost=u@h\nhost=h\n",
];

const KEYRING: [&str; 6] = [
    "--mode=creds\n--output=json\nget\nhttps://h/alice/dev/+simple/",
    "get\nhttps://h/\nalice",
    "get\n--output\njson\n--mode\ncreds\nh:3141\n",
    "--get-mode\ncreds\n--\nget\n--odd\nalice",
    "-b\nsome.Backend\nset\nhttps://h/\nalice",
    "--mode\npassword\nget\n-\n__token__",
];

const FRAMES: [&str; 13] = [
    r#"{"hello":{"version":1,"session":{"address":"unix:path=/run/user/1000/bus","display":":0"}}}"#,
    r#"{"ask":{"server":"https://h","user":"alice","purpose":"read","indexes":["alice/dev"],"projects":[],"bytes":0}}"#,
    r#"{"ask":{"server":"http://h:3141/devpi","user":null,"purpose":"upload","indexes":[],"projects":["my-pkg"],"bytes":7}}"#,
    concat!(
        r#"{"keep":{"holder":{"server":"https://h","user":"alice"},"token":"devpi-x","index":"alice/dev","#,
        r#""bases":[{"index":"alice/dev","bases":["root/pypi"]}],"default":true,"#,
        r#""access":{"ca_file":"/c.pem","allow_http":false,"skew":-3},"policy":{"every-index":{"read":"1h"},"index":{}}}}"#
    ),
    r#"{"set_policy":{"holder":{"server":"https://h","user":"a"},"policy":{"every-index":{"read":"never"}},"passphrase":"x"}}"#,
    r#"{"deleted":{"holder":{"server":"https://h","user":"alice"},"ids":["abcDEF23"]}}"#,
    r#"{"create":{"keeper":"passphrase","passphrase":"correct horse"}}"#,
    r#""status""#,
    r#"{"credential":{"username":"alice","password":"AgEA","expires":1795460400,"notes":["a line"]}}"#,
    r#"{"denied":{"no_root":{"server":"https://h","user":null}}}"#,
    r#"{"index":"alice/dev","bases":["alice/base","root/pypi"]}"#,
    concat!(
        r#"{"server":"https://h","access":{"ca_file":null,"allow_http":true,"skew":0},"index":"alice/dev","#,
        r#""user":"alice","token":"AgEA"}"#
    ),
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
];

/// The command line, `pip.conf`, `uv.toml`, `pyproject.toml`, a requirements file.
const CLIENTS: [[&str; 5]; 5] = [
    [
        "/home/me/v/bin/python3\n/home/me/v/bin/pip\ninstall\n--no-input\n-i\nhttp://h/a/dev/+simple/\nfoo",
        "[DEFAULT]\ntimeout = 5\n[global]\nindex-url = https://h/a/%40/+simple/\nextra-index-url =\n    http://h/1/\n    # no\n    http://h/2/\n[install]\nrequirement = r.txt\n",
        "",
        "",
        "--extra-index-url http://h/r/ \\\n  -c r.txt\n-r${HOME}/x.txt # comment\nfoo==1.0 --hash=sha256:0\n",
    ],
    [
        "uv\npip\ninstall\n--index\none=http://h/1/\n-r\nr.txt",
        "",
        "index-url = 'http://h/u/'\n[[index]]\nname = 'dev'\nurl = \"http://h/a/dev/+simple/\"\npublish-url = 'http://h/a/in/'\n[pip]\nextra-index-url = ['http://h/p/']\n",
        "[project]\nname = 'x'\n[[tool.uv.index]]\nurl = 'http://h/t/'\n[tool.uv.workspace]\nmembers = ['m']\n",
        "-i http://u:p@h/\n",
    ],
    ["uv\npublish\n--index\ndev\n--check-url=http://alice@h/c/\ndist/*", "", "publish-url = 'http://h/p/'\n", "", ""],
    ["python\n-m\ntwine\nupload\n--repository-url\nhttp://h/a/dev/\ndist/*\nfar-1.0.tar.gz", "", "", "", ""],
    [
        "python3.11\n-I\n-um\npip\n--isolated\nwheel\n-qihttp://h/w/",
        "[wheel]\nbare\nIndex_URL: http://h/\n",
        "",
        "",
        "",
    ],
];

const LIMITS: [&str; 6] = [
    "idle-lock = '30 min'\n[[limit]]\nread = '10 min'\nupload = 'never'\n",
    "[[limit]]\nserver = 'https://devpi.example/'\nuser = 'alice'\nindex = 'alice/prod'\nupload-any = '1s'\nremove = 'never'\n",
    "[every-index]\nread = '30 min'\npush = '12h'\n[index.'alice/prod']\nread = '2h'\nupload = 'never'\n",
    "[every-index]\ntoxresult = '1h 30m'\nremove = '1.5 h'\n",
    "[[limit]]\n\"\\u001b[31m\" = '1s'\n",
    "[[limit]\n\nread = '1 day'",
];

/// Whole files, headers, and contents.
fn vaults(token: &str) -> Vec<String> {
    let header = r#"{"keeper":"keyring","generation":7,"id":"0123456789abcdef"}"#;
    let contents = format!(
        concat!(
            r#"{{"servers":[{{"url":"https://h","access":{{"ca_file":null,"allow_http":false,"skew":0}},"index":"alice/dev","#,
            r#""default":"alice","roots":[{{"root":"{}","policy":{{"every-index":{{"read":"5m"}},"index":{{}}}},"since":1}}],"#,
            r#""bases":[{{"known":{{"index":"alice/dev","bases":["root/pypi"]}},"fetched":2}}]}}],"#,
            r#""retired":[{{"holder":{{"server":"https://h","user":"alice"}},"id":"abcDEF23","in_use_until":3,"fingerprint":"x"}}]}}"#
        ),
        token
    );
    vec![
        header.to_owned(),
        header.replace("\"keyring\"", "\"passphrase\",\"wrapped\":\"YWdlLWVuY3J5cHRpb24ub3JnL3YxCg==\""),
        header.replace("\"keyring\"", "\"command\",\"command\":[\"/bin/cat\",\"key\"]"),
        format!("devpi-tokens vault 1\n{header}\nage-encryption.org/v1\n-> X25519 AAAA\nBBBB\n--- CCCC\n"),
        format!("devpi-tokens vault 2\n{header}\n"),
        // Another generation, and what is no magic.
        "\u{2}\0\u{36}7".to_owned(),
        "\u{2}\0\u{15}x".to_owned(),
        "\u{3}\0\u{30}xx\0\u{20}y".to_owned(),
        contents,
    ]
}
