//! The state of one pickle: its stack, marks and memo. joblib nests pickles, so there may be several.

use super::arena::NO_NODE;
use crate::value::Id;

#[derive(Default)]
pub(super) struct Level {
    stack: Vec<Id>,
    /// Heights of the stack at each open MARK.
    marks: Vec<u32>,
    /// [`NO_NODE`] where nothing was stored.
    memo: Vec<Id>,
    /// What MEMOIZE counts: slots filled so far.
    memoized: usize,
}

impl Level {
    pub(super) fn push(&mut self, id: Id) {
        super::arena::grow(&mut self.stack);
        self.stack.push(id);
    }

    /// Height below which the innermost open MARK forbids to take.
    fn floor(&self) -> usize {
        self.marks.last().map_or(0, |mark| *mark as usize)
    }

    pub(super) fn pop(&mut self) -> Option<Id> {
        if self.stack.len() > self.floor() { self.stack.pop() } else { None }
    }

    pub(super) fn top(&self) -> Option<Id> {
        if self.stack.len() > self.floor() { self.stack.last().copied() } else { None }
    }

    pub(super) fn mark(&mut self) -> Option<()> {
        self.marks.push(u32::try_from(self.stack.len()).ok()?);
        Some(())
    }

    /// Takes everything above the innermost MARK, and the MARK.
    pub(super) fn pop_mark(&mut self) -> Option<Vec<Id>> {
        let mark = self.marks.pop()? as usize;
        Some(self.stack.split_off(mark))
    }

    /// What is on the stack, the newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = Id> {
        self.stack.iter().rev().copied()
    }

    /// The only value of a pickle that ends here.
    pub(super) fn finish(&mut self) -> Option<Id> {
        if self.marks.is_empty() && self.stack.len() == 1 { self.stack.pop() } else { None }
    }

    /// Height of the stack and number of marks, for messages.
    pub(super) fn height(&self) -> (usize, usize) {
        (self.stack.len(), self.marks.len())
    }

    /// Slots that storing at `index` adds to the memo.
    pub(super) fn memo_growth(&self, index: usize) -> usize {
        (index + 1).saturating_sub(self.memo.len())
    }

    /// Stores the top of the stack.
    pub(super) fn memoize(&mut self, index: usize) -> Option<()> {
        let top = self.top()?;
        if index >= self.memo.len() {
            let more = index + 1 - self.memo.len();
            if index >= self.memo.capacity() {
                self.memo.reserve_exact(more.max(self.memo.len() / 2).max(16));
            }
            self.memo.resize(index + 1, NO_NODE);
        }
        let slot = &mut self.memo[index];
        self.memoized += usize::from(*slot == NO_NODE);
        *slot = top;
        Some(())
    }

    /// The index that MEMOIZE uses next.
    pub(super) fn memoized(&self) -> usize {
        self.memoized
    }

    pub(super) fn recall(&self, index: usize) -> Option<Id> {
        self.memo.get(index).copied().filter(|id| *id != NO_NODE)
    }
}
