//! What a policy says of one index, or of every one.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::ceiling::{Ceilings, Kind};

/// Ceilings, and what a person confirms: `read = "1h"`, `confirm = ["upload"]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rules {
    /// By kind.
    #[serde(flatten)]
    pub ceilings: Ceilings,
    /// The kinds that are handed out only once a person has said yes; none where nothing is said about that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm: Option<BTreeSet<Kind>>,
}

/// What may stand in front of the `=`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Key {
    Read,
    Upload,
    UploadAny,
    Push,
    Toxresult,
    Remove,
    Confirm,
}

impl Key {
    /// The kind whose ceiling stands there.
    fn kind(&self) -> Option<Kind> {
        match self {
            Self::Read => Some(Kind::Read),
            Self::Upload => Some(Kind::Upload),
            Self::UploadAny => Some(Kind::UploadAny),
            Self::Push => Some(Kind::Push),
            Self::Toxresult => Some(Kind::Toxresult),
            Self::Remove => Some(Kind::Remove),
            Self::Confirm => None,
        }
    }
}

// By hand, because a derived one that takes the kinds as they come loses the line in which something is misspelt.
impl<'de> Deserialize<'de> for Rules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table;

        impl<'de> Visitor<'de> for Table {
            type Value = Rules;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("ceilings by kind, and what is to be confirmed")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rules, A::Error> {
                let mut rules = Rules::default();
                while let Some(key) = map.next_key::<Key>()? {
                    let twice = match key.kind() {
                        Some(kind) => rules.ceilings.insert(kind, map.next_value()?).is_some(),
                        None => rules.confirm.replace(map.next_value()?).is_some(),
                    };
                    if twice {
                        return Err(A::Error::custom("the same is said twice"));
                    }
                }
                Ok(rules)
            }
        }

        deserializer.deserialize_map(Table)
    }
}
