//! Sets of categories as the tree engine keeps them: blocks of 256, as many for each set of one feature as its largest
//! category needs.

use super::BoosterError;
use crate::model::tree::{BLOCK, ForestBuilder};

/// Places sets in a forest, and keeps the memory that they take below a multiple of the model's bytes.
#[derive(Debug)]
pub struct Sets {
    /// Blocks that may still be taken.
    left: usize,
}

impl Sets {
    /// For a model of `length` bytes.
    pub fn new(length: usize) -> Self {
        Sets { left: 4096 + length / 4 }
    }

    /// Adds the set of the `codes` that go left, among codes below `size`.
    ///
    /// # Errors
    /// When the sets of a model take far more memory than the model itself.
    pub fn add(
        &mut self,
        forest: &mut ForestBuilder,
        size: u32,
        goes_left: impl Fn(u32) -> bool,
    ) -> Result<u32, BoosterError> {
        let blocks = size.div_ceil(BLOCK).max(1);
        self.left = self
            .left
            .checked_sub(blocks as usize)
            .ok_or_else(|| BoosterError::Unsupported("more categories than a model of this size has".to_owned()))?;
        let block = |block: u32| -> [u32; 8] {
            let word = |word: usize| {
                let from = block * BLOCK + word as u32 * 32;
                (0..32).filter(|bit| from + bit < size && goes_left(from + bit)).fold(0, |bits, bit| bits | 1 << bit)
            };
            std::array::from_fn(word)
        };
        Ok(forest.bitsets((0..blocks).map(block)))
    }
}
