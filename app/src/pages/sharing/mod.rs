//! Sharing: who can see what, a new share, and the end of one.

use crate::pages::category;
use crate::vault::{Reach, RecordItem, Share};

pub mod list;
pub mod new;
pub mod person;
pub mod stop;

/// The shares that hold now.
pub fn holding(shares: &[Share]) -> Vec<Share> {
    shares.iter().filter(|share| share.ended.is_none()).cloned().collect()
}

/// The shares that let somebody see a record now.
pub fn reaching(shares: &[Share], item: &RecordItem) -> Vec<Share> {
    let slug = category::slug(&item.details.category);
    shares
        .iter()
        .filter(|share| share.ended.is_none() && share.level != "drop")
        .filter(|share| match &share.reach {
            Reach::Record(id, _) => *id == item.id,
            Reach::Category(own) => category::slug(own) == slug,
            Reach::Everything => true,
        })
        .cloned()
        .collect()
}

/// Shares by person, in the order in which they come.
pub fn by_person(shares: Vec<Share>) -> Vec<Vec<Share>> {
    let mut people: Vec<Vec<Share>> = Vec::new();
    for share in shares {
        let own = people
            .iter_mut()
            .find(|group| group.first().is_some_and(|first| first.person.account == share.person.account));
        match own {
            Some(group) => group.push(share),
            None => people.push(vec![share]),
        }
    }
    people
}
