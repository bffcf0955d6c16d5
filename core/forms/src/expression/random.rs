//! Numbers that look random and are the same whenever they are drawn from the same state (splitmix64).

/// The next number.
pub fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut x = *state;
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// An order as JavaRosa and web-forms draw it from a seed (Fisher and Yates from the inside out, with the generator of Park
/// and Miller): the same household sees the same order in both.
pub fn shuffled<T>(items: Vec<T>, seed: i64) -> Vec<T> {
    const MODULUS: f64 = 2_147_483_647.0;
    let mut state = seed as f64 % MODULUS;
    if state <= 0.0 {
        state += MODULUS - 1.0;
    }
    let mut order = Vec::with_capacity(items.len());
    for item in items {
        state = state * 16_807.0 % MODULUS;
        let drawn = (state - 1.0) / (MODULUS - 1.0);
        let last = order.len();
        order.push(item);
        order.swap((drawn * (last + 1) as f64) as usize, last);
    }
    order
}
