//! Who there is and who talks with whom: made once from the seed, shared by all nodes.

use crate::kernel::rng::Rng;

/// Users, their devices, and conversations. A *seat* is one user's place in one conversation; a *screen* is that conversation on one device.
#[derive(Debug, Default)]
pub struct People {
    pub users: u32,
    /// Devices of each user.
    pub devices: u32,
    /// Conversations of two have the numbers below this.
    pub pairs: u32,
    /// First seat of each conversation, and one past the last.
    first: Vec<u32>,
    /// The user in each seat, and the seat's conversation.
    sits: Vec<u32>,
    lies_in: Vec<u32>,
    /// First slot of each user, and one past the last: slots are the seats, user by user.
    first_slot: Vec<u32>,
    slots: Vec<u32>,
    slot_of: Vec<u32>,
    /// By slot of a conversation of two: who sits on the other side.
    across: Vec<u32>,
}

impl People {
    /// Each user has about `friends` conversations of two; groups are drawn from all.
    pub fn new(users: u32, devices: u32, friends: u32, groups: u32, size: u32, rng: &mut Rng) -> People {
        let (mut first, mut sits) = (vec![0], Vec::new());
        let pairs = if users > 1 { (u64::from(users) * u64::from(friends)).div_ceil(2) as u32 } else { 0 };
        for pair in 0..pairs {
            let one = pair % users;
            let other = rng.below(u64::from(users) - 1) as u32;
            sits.extend([one, if other >= one { other + 1 } else { other }]);
            first.push(sits.len() as u32);
        }
        for _ in 0..groups {
            let from = sits.len();
            while sits.len() - from < size.min(users) as usize {
                let user = rng.below(u64::from(users)) as u32;
                if !sits[from..].contains(&user) {
                    sits.push(user);
                }
            }
            first.push(sits.len() as u32);
        }
        People::seated(users, devices, pairs, first, sits)
    }

    fn seated(users: u32, devices: u32, pairs: u32, first: Vec<u32>, sits: Vec<u32>) -> People {
        let mut lies_in = vec![0; sits.len()];
        for (conv, span) in first.windows(2).enumerate() {
            lies_in[span[0] as usize..span[1] as usize].fill(conv as u32);
        }
        let mut first_slot = vec![0u32; users as usize + 1];
        sits.iter().for_each(|user| first_slot[*user as usize + 1] += 1);
        for user in 0..users as usize {
            first_slot[user + 1] += first_slot[user];
        }
        let (mut next, mut slots, mut slot_of) = (first_slot.clone(), vec![0; sits.len()], vec![0; sits.len()]);
        for (seat, user) in sits.iter().enumerate() {
            let slot = &mut next[*user as usize];
            slots[*slot as usize] = seat as u32;
            slot_of[seat] = *slot;
            *slot += 1;
        }
        let across = slots.iter().map(|seat| if *seat < 2 * pairs { sits[(*seat ^ 1) as usize] } else { 0 }).collect();
        People { users, devices, pairs, first, sits, lies_in, first_slot, slots, slot_of, across }
    }

    pub fn conversations(&self) -> u32 {
        self.first.len() as u32 - 1
    }

    /// Seats of a conversation.
    pub fn seats(&self, conv: u32) -> std::ops::Range<u32> {
        // Pairs come first, two seats each: no need to look that up.
        if conv < self.pairs { 2 * conv..2 * conv + 2 } else { self.first[conv as usize]..self.first[conv as usize + 1] }
    }

    /// Seats of the conversations from `from` up to, and without, `to`.
    pub fn seats_between(&self, from: u32, to: u32) -> std::ops::Range<u32> {
        self.first[from as usize]..self.first[to as usize]
    }

    pub fn user(&self, seat: u32) -> u32 {
        self.sits[seat as usize]
    }

    pub fn conv(&self, seat: u32) -> u32 {
        if self.in_pair(seat) { seat / 2 } else { self.lies_in[seat as usize] }
    }

    /// Whether a seat's conversation is one of two.
    pub fn in_pair(&self, seat: u32) -> bool {
        seat < 2 * self.pairs
    }

    /// A user's seats, in the order of their conversations: those of two first.
    pub fn seats_of(&self, user: u32) -> &[u32] {
        let slots = self.slots_of(user);
        &self.slots[slots.start as usize..slots.end as usize]
    }

    /// A user's slots, those of conversations of two first.
    pub fn slots_of(&self, user: u32) -> std::ops::Range<u32> {
        self.first_slot[user as usize]..self.first_slot[user as usize + 1]
    }

    /// Who a user has a conversation of two with, in the order of their slots.
    pub fn partners(&self, user: u32) -> &[u32] {
        let pairs = self.seats_of(user).partition_point(|seat| self.in_pair(*seat));
        let first = self.first_slot[user as usize] as usize;
        &self.across[first..first + pairs]
    }

    /// Slots of the users from `from` up to, and without, `to`.
    pub fn slots_between(&self, from: u32, to: u32) -> std::ops::Range<u32> {
        self.first_slot[from as usize]..self.first_slot[to as usize]
    }

    pub fn slot(&self, seat: u32) -> u32 {
        self.slot_of[seat as usize]
    }

    pub fn screen(&self, seat: u32, device: u32) -> u32 {
        seat * self.devices + device % self.devices
    }

    pub fn seat_of_screen(&self, screen: u32) -> u32 {
        screen / self.devices
    }

    /// The device a screen belongs to.
    pub fn device(&self, screen: u32) -> u32 {
        self.user(screen / self.devices) * self.devices + screen % self.devices
    }

    /// The seat of a user in a conversation.
    pub fn seat_in(&self, conv: u32, user: u32) -> Option<u32> {
        self.seats(conv).find(|seat| self.user(*seat) == user)
    }

    /// Seats of two, with the seat on the other side: whose presence a user is shown.
    pub fn contacts(&self, user: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.seats_of(user).iter().copied().take_while(|seat| self.in_pair(*seat)).map(|seat| (seat, seat ^ 1))
    }
}

/// The first of `of` things that belongs to part number `part` of `parts`.
pub fn share(part: u32, parts: u32, of: u32) -> u32 {
    (u64::from(part) * u64::from(of)).div_ceil(u64::from(parts.max(1))) as u32
}

/// Which of `parts` a thing belongs to, by [`share`].
pub fn part(thing: u32, parts: u32, of: u32) -> u32 {
    (u64::from(thing) * u64::from(parts) / u64::from(of.max(1))) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn seats_slots_and_screens_agree(users in 2u32..40, devices in 1u32..4, friends in 0u32..5, groups in 0u32..4, size in 2u32..9, seed in 0u64..50) {
            let people = People::new(users, devices, friends, groups, size, &mut Rng::stream(seed, "people"));
            let mut seats = 0;
            for conv in 0..people.conversations() {
                let members: Vec<u32> = people.seats(conv).map(|seat| people.user(seat)).collect();
                let mut distinct = members.clone();
                distinct.sort_unstable();
                distinct.dedup();
                prop_assert_eq!(distinct.len(), members.len(), "nobody sits twice in one conversation");
                for seat in people.seats(conv) {
                    seats += 1;
                    prop_assert_eq!(people.conv(seat), conv);
                    prop_assert_eq!(people.seat_in(conv, people.user(seat)), Some(seat));
                    prop_assert_eq!(people.slots[people.slot(seat) as usize], seat);
                    prop_assert!(people.seats_of(people.user(seat)).contains(&seat));
                    for device in 0..devices {
                        prop_assert_eq!(people.device(people.screen(seat, device)), people.user(seat) * devices + device);
                        prop_assert_eq!(people.seat_of_screen(people.screen(seat, device)), seat);
                    }
                }
            }
            let of_all: u32 = (0..users).map(|user| people.seats_of(user).len() as u32).sum();
            prop_assert_eq!(of_all, seats);
            for user in 0..users {
                let partners: Vec<u32> = people.contacts(user).map(|(_, theirs)| people.user(theirs)).collect();
                prop_assert_eq!(people.partners(user), partners);
                for ((mine, theirs), slot) in people.contacts(user).zip(people.slots_of(user)) {
                    prop_assert_eq!(people.slot(mine), slot);
                    prop_assert_eq!((people.user(mine), people.conv(mine)), (user, people.conv(theirs)));
                    prop_assert!(people.user(theirs) != user);
                }
            }
        }

        #[test]
        fn parts_are_ranges(parts in 1u32..9, of in 1u32..200) {
            for thing in 0..of {
                let owner = part(thing, parts, of);
                prop_assert!(owner < parts && share(owner, parts, of) <= thing && thing < share(owner + 1, parts, of));
            }
        }
    }
}
