//! Where in a JSON document something is.

use std::cell::Cell;
use std::fmt;

/// A place that is written as a JSON pointer (RFC 6901) only when it is told: nearly every value fits,
/// and nobody asks where it was.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// Where the document is: empty, or the pointer to it; and how many bytes of it may still become
    /// lists of bytes.
    Root(&'a str, &'a Cell<usize>),
    /// A member of the object there.
    Member(&'a Place<'a>, &'a str),
    /// An item of the array there.
    Item(&'a Place<'a>, usize),
}

impl Place<'_> {
    /// The member of this name.
    pub fn member<'a>(&'a self, name: &'a str) -> Place<'a> {
        Place::Member(self, name)
    }

    /// Takes so many bytes of those that the document may have. Whether there were so many.
    pub fn take_bytes(&self, bytes: usize) -> bool {
        match self {
            Place::Root(_, left) => match left.get().checked_sub(bytes) {
                Some(rest) => {
                    left.set(rest);
                    true
                }
                None => false,
            },
            Place::Member(parent, _) | Place::Item(parent, _) => parent.take_bytes(bytes),
        }
    }

    /// The item at this index.
    pub fn item(&self, index: usize) -> Place<'_> {
        Place::Item(self, index)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Root(pointer, _) => f.write_str(pointer),
            Place::Member(parent, name) => {
                write!(f, "{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
            }
            Place::Item(parent, index) => write!(f, "{parent}/{index}"),
        }
    }
}
