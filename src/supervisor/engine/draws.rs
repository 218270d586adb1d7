/// The numbers that move delays: SplitMix64 from the runtime's seed, so that a simulated life has the same ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    pub(crate) fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The upper halves of what the reference implementation gives for 1234567: the first three, and the tenth.
    #[test]
    fn they_are_those_of_splitmix64() {
        let mut draws = Draws(1_234_567);
        let drawn = [(); 10].map(|()| draws.next());
        assert_eq!(drawn[..3], [1_503_580_183, 745_795_716, 2_285_812_965]);
        assert_eq!(drawn[9], 3_516_160_412);
    }
}
