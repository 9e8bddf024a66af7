//! Placing: on which machines a gang stands, as few as can be.

/// Machines and how many processors of each: the fullest machine that holds all of it, else the emptiest ones first. None if there is
/// not room for all.
pub fn whole(free: &[u32], gpus: u32) -> Option<Vec<(usize, u32)>> {
    if free.iter().sum::<u32>() < gpus {
        return None;
    }
    let tight = (0..free.len()).filter(|machine| free[*machine] >= gpus).min_by_key(|machine| free[*machine]);
    if let Some(machine) = tight {
        return Some(vec![(machine, gpus)]);
    }
    let mut order: Vec<usize> = (0..free.len()).filter(|machine| free[*machine] > 0).collect();
    order.sort_by_key(|machine| std::cmp::Reverse(free[*machine]));
    let mut placed = Vec::new();
    let mut left = gpus;
    while left > 0 {
        // The rest goes where it fits most tightly, so that large holes stay whole.
        let fits = order.iter().copied().filter(|machine| free[*machine] >= left).min_by_key(|machine| free[*machine]);
        let machine = fits.or_else(|| order.first().copied())?;
        order.retain(|other| *other != machine);
        let here = free[machine].min(left);
        placed.push((machine, here));
        left -= here;
    }
    Some(placed)
}

/// Free processors dealt out one at a time to waiting jobs in turn, as a scheduler does that knows pods and no jobs. `wants` is what each
/// still lacks, `may` what its tenant may still take; the answer is what each gets.
pub fn in_turn(mut free: u32, wants: &[u32], tenants: &[usize], may: &mut [u32]) -> Vec<u32> {
    let mut got = vec![0; wants.len()];
    loop {
        let before = free;
        for ((want, tenant), got) in wants.iter().zip(tenants).zip(&mut got) {
            if free > 0 && *got < *want && may[*tenant] > 0 {
                *got += 1;
                may[*tenant] -= 1;
                free -= 1;
            }
        }
        if free == before {
            return got;
        }
    }
}
