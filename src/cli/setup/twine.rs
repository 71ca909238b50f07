//! twine, and flit, which reads the same file: `.pypirc` names who uploads, and no password.

use super::ini;
use super::lying::NOBODY;
use super::ours::Ours;

/// The file in which each repository of ours has a user of devpi: nobody gets a token as `__token__`.
pub(super) fn settled(text: &str, ours: &Ours) -> String {
    let mut text = text.to_owned();
    while let Some((section, user)) = without_user(&text, ours) {
        text = ini::set(&text, &section, "username", &user);
    }
    text
}

/// A section that lacks the user, and who that is.
fn without_user(text: &str, ours: &Ours) -> Option<(String, String)> {
    let entries = ini::entries(text);
    let repositories = entries.iter().filter(|entry| entry.is(entry.section, "repository"));
    let mut lacking = repositories.filter_map(|entry| {
        let user = ours.user(&entry.text())?;
        let named = ini::value(text, entry.section, "username").filter(|name| !name.is_empty() && name != NOBODY);
        named.is_none().then(|| (entry.section.to_owned(), user.to_string()))
    });
    lacking.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_repository_of_ours_gets_its_user() {
        let ours = Ours::with("https://h", "alice");
        let text = "[distutils]\nindex-servers =\n  dev\n  pypi\n\n[dev]\n# ours\nrepository: https://h/a/dev/\nusername: \
                    __token__\n\n[pypi]\nusername = __token__\npassword = pypi-x\n[far]\nrepository = https://else/\n\
                    [bob]\nrepository = https://h/b/dev/\nusername = bob\n";
        let told = settled(text, &ours);
        assert_eq!(told, text.replacen("username: __token__", "username: alice", 1));
        assert_eq!(settled(&told, &ours), told);
        let loud = "[x]\nRepository = https://h/a/x/\nUserName = bob\n";
        assert_eq!(settled(loud, &ours), loud);
        assert_eq!(
            settled("[x]\nrepository = https://h/a/x/\n", &ours),
            "[x]\nrepository = https://h/a/x/\nusername = alice\n"
        );
    }
}
