//! Types that are text with rules.

/// The conversions of a type that has a `parse` and a `Display`, as serde and callers use them.
macro_rules! parsed_string {
    ($type:ident) => {
        impl TryFrom<String> for $type {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                $type::parse(&text)
            }
        }
        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.to_string()
            }
        }
        impl std::str::FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                $type::parse(text)
            }
        }
    };
}

pub(super) use parsed_string;
