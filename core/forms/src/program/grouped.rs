//! Things that belong to nodes or scopes, one after the other: most have none or one, and a list for each would cost more
//! than what is in it.

/// Things by the index of what they belong to.
#[derive(Debug)]
pub(crate) struct Grouped<T> {
    /// By index: where its things end.
    ends: Vec<u32>,
    all: Vec<T>,
}

impl<T> Grouped<T> {
    /// Of so many indices. Things of one index keep their order.
    pub fn new(indices: usize, mut pairs: Vec<(u32, T)>) -> Self {
        pairs.sort_by_key(|(index, _)| *index);
        let mut ends = vec![0; indices];
        pairs.iter().for_each(|(index, _)| ends[*index as usize] += 1);
        (1..indices).for_each(|at| ends[at] += ends[at - 1]);
        let mut all: Vec<T> = pairs.into_iter().map(|(_, thing)| thing).collect();
        all.shrink_to_fit();
        Self { ends, all }
    }

    /// The things of an index.
    pub fn of(&self, index: u32) -> &[T] {
        let at = index as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.all[start as usize..self.ends[at] as usize]
    }
}
