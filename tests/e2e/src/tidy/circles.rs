//! Inside a room, arrows between files go one way.
//!
//! The rule: there is an arrow from a file to another whose names it uses, through `use` or by a path
//! in its code. A name belongs to the file that defines it, whichever way of re-exports it came. To
//! declare a module, to bring a module itself into scope and to re-export a name that the file does
//! not use are no arrows: they are how the room is put together. A file that holds what its submodules
//! use, and uses them, is in a circle with them like any other. Tests are left out.
//!
//! A method that is called on a value is not seen, for its path does not say which file has it: a type
//! whose methods are spread over the files of its folder is in no circle by that.

use std::collections::{BTreeMap, BTreeSet};

use quoin_harness::repository;

use super::room::{Arrows, Room};
use super::sources::{files, read};

/// The circles: each as the arrows between its files.
fn circles(arrows: &Arrows) -> Vec<Arrows> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in arrows.keys() {
        next.entry(from).or_default().insert(to);
    }
    let reached = |from: &str| {
        let (mut reached, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(file) = open.pop() {
            for to in next.get(file).into_iter().flatten() {
                if reached.insert(*to) {
                    open.push(to);
                }
            }
        }
        reached
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        next.keys().map(|file| (*file, reached(file))).collect();
    let (mut circles, mut known) = (Vec::new(), BTreeSet::new());
    for (file, there) in &reached {
        let back = |other: &&str| reached.get(*other).is_some_and(|r| r.contains(file));
        let circle: BTreeSet<&str> = there.iter().copied().filter(back).collect();
        if circle.is_empty() || known.contains(file) {
            continue;
        }
        known.extend(circle.iter().copied());
        let inside = |ends: &(String, String)| {
            circle.contains(ends.0.as_str()) && circle.contains(ends.1.as_str())
        };
        let arrows = arrows.iter().filter(|(ends, _)| inside(ends));
        circles.push(arrows.map(|(ends, names)| (ends.clone(), names.clone())).collect());
    }
    circles
}

#[test]
fn no_circle_of_files_is_inside_a_room() {
    let mut faults = Vec::new();
    for folder in repository().join("host").read_dir().expect("host").flatten() {
        let (room, source) = (folder.file_name(), folder.path().join("src"));
        let room = room.to_string_lossy();
        let sources = files(&source, &["rs"]).into_iter().map(|path| {
            let name = path.strip_prefix(&source).expect("inside").display().to_string();
            (name, read(&path))
        });
        let sources: BTreeMap<_, _> = sources.collect();
        let root = if sources.contains_key("lib.rs") { "lib.rs" } else { "main.rs" };
        let found = circles(&Room::read(&sources, root).arrows());
        for circle in found {
            faults.push(format!("{room}:"));
            for ((from, to), names) in circle {
                let names: Vec<_> = names.into_iter().collect();
                faults.push(format!("  {from} → {to}: {}", names.join(", ")));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "files that import each other; give what they share one home:\n{}",
        faults.join("\n")
    );
}

/// The arrows of a room with these files, the first being its root, as `from → to`.
fn arrows_of(files: &[(&str, &str)]) -> Arrows {
    let texts = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Room::read(&texts.collect(), files[0].0).arrows()
}

fn files_of(circle: &Arrows) -> BTreeSet<&str> {
    circle.keys().map(|(from, _)| from.as_str()).collect()
}

#[test]
fn a_circle_is_found_however_its_names_are_taken() {
    let root = ("lib.rs", "mod a; mod b; mod c; pub use c::Shared;");
    for (b, c) in [
        ("use crate::c::Thing;", "use super::a::Other;"),
        ("fn f() { crate::c::thing() }", "use crate::a; fn f() { a::other() }"),
        ("use super::{c::{self, Thing as T}};", "fn f() { super::a::other::<u8>() }"),
        ("use crate::Shared;", "pub struct Shared(crate::a::Other);"),
        ("use super::c as d; fn f() { d::thing() }", "pub use crate::a::Other; struct C(Other);"),
        ("use crate::c::*;", "mod inner { fn f() { crate::a::other() } }"),
    ] {
        let arrows = arrows_of(&[root, ("a.rs", "use crate::b::f;"), ("b.rs", b), ("c.rs", c)]);
        let found = circles(&arrows);
        assert_eq!(found.len(), 1, "{b} {c}: {arrows:?}");
        assert_eq!(files_of(&found[0]), BTreeSet::from(["a.rs", "b.rs", "c.rs"]), "{b} {c}");
    }
}

#[test]
fn two_circles_are_told_apart_and_what_leads_to_them_is_in_neither() {
    let arrows = arrows_of(&[
        ("main.rs", "mod a; mod b; mod c; mod d; fn main() { a::run() }"),
        ("a.rs", "use crate::b::x; use crate::c::y;"),
        ("b.rs", "use crate::a::run;"),
        ("c.rs", "use crate::d::z;"),
        ("d.rs", "use crate::c::y;"),
    ]);
    let found = circles(&arrows);
    let found: Vec<_> = found.iter().map(files_of).collect();
    assert_eq!(found, [BTreeSet::from(["a.rs", "b.rs"]), BTreeSet::from(["c.rs", "d.rs"])]);
}

#[test]
fn a_parent_that_holds_what_its_children_use_and_uses_them_is_in_a_circle() {
    let child = ("a/b.rs", "use super::Shared;");
    let found = |parent| {
        circles(&arrows_of(&[("lib.rs", "mod a;"), ("a.rs", parent), child, ("a/c/mod.rs", "")]))
            .len()
    };
    assert_eq!(found("mod b; mod c; pub struct Shared; fn f() { b::run() }"), 1);
    assert_eq!(found("mod b; mod c; pub use b::Run; pub struct Shared; fn f(_: Run) {}"), 1);
    assert_eq!(
        found("mod b; mod c; pub use b::Run; pub(crate) use b::More; pub struct Shared;"),
        0
    );
    assert_eq!(found("mod b; mod c; pub use c::Shared; fn f() { b::run() }"), 0);
}

#[test]
fn what_is_no_arrow_makes_no_circle() {
    for b in [
        "// use crate::a::run;",
        "const TEXT: &str = \"crate::a::run\";",
        "#[cfg(test)] mod tests { use crate::a::run; }",
        "use other::a::run;",
        "use std::fmt; fn f() -> fmt::Result { a::run() }",
        "pub(in crate::a) fn f() {}",
        "use crate::a; pub use crate::a::run;",
        "use crate::b::{self}; fn g() { self::f(); b::f() }",
        "fn f(value: crate::c::Thing) -> impl Sized + use<> { value.run() }",
    ] {
        let root = ("lib.rs", "mod a; mod b; mod c;");
        let arrows = arrows_of(&[
            root,
            ("a.rs", "use crate::b::f;"),
            ("b.rs", b),
            ("c.rs", "struct Thing;"),
        ]);
        assert!(circles(&arrows).is_empty(), "{b}: {arrows:?}");
        assert!(arrows.contains_key(&("a.rs".into(), "b.rs".into())), "{b}: {arrows:?}");
    }
}
