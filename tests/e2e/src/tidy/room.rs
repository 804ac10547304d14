//! A room as its files and what each takes from the others.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::{Token, code};

/// Renamings of a name that are followed; more than one after the other is rare.
const RENAMINGS_MAX: usize = 16;

/// The files of a room as a tree of modules, the root first.
pub struct Room {
    modules: Vec<Module>,
}

#[derive(Default)]
struct Module {
    file: String,
    parent: usize,
    children: BTreeMap<String, usize>,
    imports: Vec<Import>,
    /// Paths of two or more words that the code has outside of `use`.
    paths: Vec<Vec<String>>,
    /// All words that the code has outside of `use`.
    words: BTreeSet<String>,
}

/// One name that a `use` brings.
struct Import {
    path: Vec<String>,
    /// What it is called here; `*` for all that there is.
    name: String,
    is_public: bool,
}

/// From one file to another, with the names that the first takes from the second.
pub type Arrows = BTreeMap<(String, String), BTreeSet<String>>;

impl Room {
    /// The room with this root, given all its files with their texts.
    pub fn read(files: &BTreeMap<String, String>, root: &str) -> Room {
        let mut room = Room { modules: Vec::new() };
        room.enter(files, root, 0);
        room
    }

    fn enter(&mut self, files: &BTreeMap<String, String>, file: &str, parent: usize) -> usize {
        let text = files.get(file).unwrap_or_else(|| panic!("no file {file}"));
        let (module, children) = Module::read(file, &code(text));
        let number = self.modules.len();
        self.modules.push(Module { parent, ..module });
        let folder = match file.rsplit_once('/') {
            Some((folder, "lib.rs" | "main.rs" | "mod.rs")) => format!("{folder}/"),
            None if matches!(file, "lib.rs" | "main.rs") => String::new(),
            _ => format!("{}/", file.trim_end_matches(".rs")),
        };
        for child in children {
            let (flat, deep) = (format!("{folder}{child}.rs"), format!("{folder}{child}/mod.rs"));
            let found = if files.contains_key(&flat) { flat } else { deep };
            let found = self.enter(files, &found, number);
            self.modules[number].children.insert(child, found);
        }
        number
    }

    /// All arrows between its files.
    pub fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (number, module) in self.modules.iter().enumerate() {
            let mut add = |to: Option<usize>, name: &String| {
                if let Some(to) = to.filter(|to| *to != number) {
                    let ends = (module.file.clone(), self.modules[to].file.clone());
                    arrows.entry(ends).or_default().insert(name.clone());
                }
            };
            for import in &module.imports {
                if import.is_public && !module.words.contains(&import.name) {
                    continue;
                }
                let to = if import.name == "*" {
                    self.module(number, &import.path)
                } else {
                    self.home(number, &import.path, RENAMINGS_MAX)
                };
                add(to, &import.name);
            }
            for path in &module.paths {
                add(self.home(number, path, RENAMINGS_MAX), &path[path.len() - 1]);
            }
        }
        arrows
    }

    /// The module of the file that has what this path names, seen from a module. None for a module
    /// itself and for what comes from another room.
    fn home(&self, from: usize, path: &[String], renamings: usize) -> Option<usize> {
        let (mut at, mut rest) = self.start(from, path)?;
        while let Some((next, after)) = rest.split_first() {
            if let Some(child) = self.modules[at].children.get(next) {
                (at, rest) = (*child, after);
                continue;
            }
            let import = self.modules[at].imports.iter().find(|import| import.name == *next);
            let Some(import) = import.filter(|import| import.path != [next.clone()]) else {
                return Some(at);
            };
            let renamed: Vec<_> = import.path.iter().chain(after).cloned().collect();
            return self.home(at, &renamed, renamings.checked_sub(1)?);
        }
        None
    }

    /// The module that a path names.
    fn module(&self, from: usize, path: &[String]) -> Option<usize> {
        let (mut at, mut rest) = self.start(from, path)?;
        while let Some((next, after)) = rest.split_first() {
            (at, rest) = (*self.modules[at].children.get(next)?, after);
        }
        Some(at)
    }

    /// The module that a path begins in, and what of the path is left.
    fn start<'a>(&self, from: usize, path: &'a [String]) -> Option<(usize, &'a [String])> {
        let (first, mut rest) = path.split_first()?;
        let mut at = match first.as_str() {
            "crate" => 0,
            "self" => from,
            "super" => self.modules[from].parent,
            name => {
                let module = &self.modules[from];
                let known = module.imports.iter().any(|import| import.name == name);
                return (known || module.children.contains_key(name)).then_some((from, path));
            }
        };
        while let Some(("super", after)) = rest.split_first().map(|(f, a)| (f.as_str(), a)) {
            (at, rest) = (self.modules[at].parent, after);
        }
        Some((at, rest))
    }
}

impl Module {
    /// What the code of a file says, and the modules that it declares.
    fn read(file: &str, code: &[Token]) -> (Module, Vec<String>) {
        let (mut module, mut children) = (Module::default(), Vec::new());
        module.file = file.to_owned();
        let mut at = 0;
        while at < code.len() {
            let word = match &code[at] {
                Token::Word(word) if at == 0 || code[at - 1] != Token::Colons => word,
                _ => {
                    at += 1;
                    continue;
                }
            };
            // `use<…>` says what an opaque type captures.
            if word == "use" && code.get(at + 1) != Some(&Token::Mark('<')) {
                let is_public = is_public(&code[..at]);
                at = tree(code, at + 1, &[], is_public, &mut module.imports);
            } else if word == "mod"
                && let (Some(Token::Word(name)), Some(Token::Mark(';'))) =
                    (code.get(at + 1), code.get(at + 2))
            {
                children.push(name.clone());
                at += 3;
            } else {
                let path = path(&code[at..]);
                at += 2 * path.len() - 1;
                module.words.extend(path.iter().cloned());
                if path.len() > 1 {
                    module.paths.push(path);
                }
            }
        }
        (module, children)
    }
}

/// Whether what comes after this code is declared `pub` or `pub(…)`.
fn is_public(before: &[Token]) -> bool {
    let word = |token: Option<&Token>| matches!(token, Some(Token::Word(w)) if w == "pub");
    let open = before.iter().rposition(|token| *token == Token::Mark('('));
    word(before.last())
        || before.last() == Some(&Token::Mark(')'))
            && open.is_some_and(|open| open > 0 && word(before.get(open - 1)))
}

/// The words that `::` joins from here on.
fn path(code: &[Token]) -> Vec<String> {
    let mut path = Vec::new();
    for pair in code.chunks(2) {
        let Token::Word(word) = &pair[0] else { break };
        path.push(word.clone());
        if pair.get(1) != Some(&Token::Colons) {
            break;
        }
    }
    path
}

/// Reads one branch of a `use` after `prefix`, and gives the place after it.
fn tree(
    code: &[Token],
    mut at: usize,
    prefix: &[String],
    is_public: bool,
    imports: &mut Vec<Import>,
) -> usize {
    let mut path = prefix.to_vec();
    loop {
        match code.get(at) {
            Some(Token::Word(word)) if word == "as" => {
                if let Some(Token::Word(name)) = code.get(at + 1)
                    && let Some(import) = imports.last_mut()
                {
                    import.name = name.clone();
                }
                at += 2;
            }
            Some(Token::Word(word)) => {
                if word != "self" || path.is_empty() {
                    path.push(word.clone());
                }
                at += 1;
                if code.get(at) != Some(&Token::Colons) {
                    let name = path.last().cloned().unwrap_or_default();
                    imports.push(Import { path: path.clone(), name, is_public });
                }
            }
            Some(Token::Mark('*')) => {
                imports.push(Import { path: path.clone(), name: "*".into(), is_public });
                at += 1;
            }
            Some(Token::Colons) => at += 1,
            Some(Token::Mark('{')) => {
                at += 1;
                while !matches!(code.get(at), None | Some(Token::Mark('}'))) {
                    at = tree(code, at, &path, is_public, imports);
                    if code.get(at) == Some(&Token::Mark(',')) {
                        at += 1;
                    }
                }
                at += 1;
            }
            _ => return at,
        }
    }
}
