//! Enumerations on the wire.
//!
//! The service mixes the case of its values (`Spread`, `usererror`), and newer versions add values. So values are read
//! without regard to case, written in the canonical spelling of the REST reference, and unknown ones are kept as they came.

/// A known value of a wire enumeration.
#[derive(Debug, PartialEq, Eq)]
pub struct WireValue {
    /// The name of its variant: `NonAdmin`.
    pub variant: &'static str,
    /// Its spelling on the wire: `nonadmin`.
    pub wire: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// A wire enumeration, so that whoever offers its values to people need not list them again.
pub trait WireEnum: Sized + for<'a> From<&'a str> + serde::Serialize {
    /// The name of the enumeration in the REST reference.
    const NAME: &'static str;
    /// Every known value.
    const VALUES: &'static [WireValue];
}

/// Declares a wire enumeration: canonical spellings, an `Other` variant for values that this program doesn't know.
#[macro_export]
#[doc(hidden)]
macro_rules! wire_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[doc = $variant_doc:literal])+ $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[doc = $variant_doc])+ $variant,)+
            /// A value that this program doesn't know, as it came.
            Other(String),
        }

        impl $name {
            /// Every known value.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];

            /// The spelling on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl $crate::batch::wire_enum::WireEnum for $name {
            const NAME: &'static str = stringify!($name);
            const VALUES: &'static [$crate::batch::wire_enum::WireValue] = &[$(
                $crate::batch::wire_enum::WireValue {
                    variant: stringify!($variant),
                    wire: $text,
                    meaning: concat!($($variant_doc),+),
                },
            )+];
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $(if text.eq_ignore_ascii_case($text) { return Self::$variant; })+
                Self::Other(text.to_owned())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Ok(Self::from(text.as_ref()))
            }
        }
    };
}

pub(crate) use wire_enum;

#[cfg(test)]
mod tests {
    use crate::batch::model::BatchNodeFillType as Fill;

    #[test]
    fn values_are_read_in_any_case_and_unknown_ones_are_kept() {
        let read = |json: &str| serde_json::from_str::<Fill>(json).unwrap();
        assert_eq!(read("\"Spread\""), Fill::Spread);
        assert_eq!(read("\"PACK\""), Fill::Pack);
        assert_eq!(read("\"Tetris\""), Fill::Other("Tetris".into()));
        assert_eq!(serde_json::to_string(&read("\"Spread\"")).unwrap(), "\"spread\"");
        assert_eq!(serde_json::to_string(&read("\"Tetris\"")).unwrap(), "\"Tetris\"");
        assert_eq!(Fill::KNOWN, [Fill::Spread, Fill::Pack]);
    }
}
