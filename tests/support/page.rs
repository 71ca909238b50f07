//! Pages for people, as the tests follow them.

use std::path::Path;

use super::BED;

/// A block of a page: what stands behind its fence, and its lines.
pub struct Block {
    pub kind: String,
    pub text: String,
}

impl Block {
    /// The path of the file that it shows.
    pub fn title(&self) -> Option<&str> {
        self.kind.split_once("title=\"")?.1.strip_suffix('"')
    }
}

/// The blocks of a page, in their order.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.trim_start().strip_prefix("```") else { continue };
        let indent = line.len() - line.trim_start().len();
        let within = lines.by_ref().take_while(|line| line.trim() != "```");
        let text = within.map(|line| format!("{}\n", line.get(indent..).unwrap_or_default())).collect();
        blocks.push(Block { kind: kind.to_owned(), text });
    }
    blocks
}

/// What the README says below a heading is to be typed: its blocks of shell, filled in.
pub fn shell_below(heading: &str) -> Vec<String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let page = std::fs::read_to_string(readme).expect("the README");
    let (_, below) = page.split_once(&format!("\n## {heading}\n")).expect("a heading");
    let section = below.split("\n## ").next().unwrap_or(below);
    let shell = blocks(section).into_iter().filter(|block| block.kind == "sh");
    shell.map(|block| filled_in(&block.text)).collect()
}

/// The text with what stands on the bed in place of what a reader has.
pub fn filled_in(text: &str) -> String {
    let host = BED.url().trim_start_matches("http://").to_owned();
    let filled = text.replace("https://alice@devpi.example.com", &format!("http://alice@{host}"));
    let filled = filled.replace("https://devpi.example.com", &BED.url()).replace("protocol=https", "protocol=http");
    filled.replace("devpi.example.com", &host).replace("PACKAGE", "bed-app")
}
