//! devpi's nouns, and the addresses that clients ask about. Every text from outside is parsed here once.

mod address;
mod name;

pub use address::{AddressError, Miss, Page, Place, ServerUrl, Target};
pub use name::{IndexName, NameError, Permission, ProjectName, Purpose, UserName};
