//! Tables written by rows: a list of records, a list of lists, the data of the split form.

use super::decode::{Decoder, Slot};
use super::json::{Parse, Scanner};
use super::problem;

/// Keys of a record that are remembered beyond twice the number of columns.
const SPARE_SLOTS: usize = 64;

impl<'a> Decoder<'a> {
    /// Looks at the first record, at its bracket: most have the columns in order and the white space of a usual writer.
    pub fn expect(&mut self, first: &Scanner<'a>) {
        let schema = self.schema;
        let usual = schema.gaps.iter().find(|gaps| gaps.first().is_some_and(|gap| first.clone().take(gap.as_bytes())));
        for (slot, gap) in self.slots.iter_mut().zip(usual.into_iter().flatten()) {
            slot.gap = gap.as_bytes();
        }
    }

    /// Reads a list of records. A key that some record lacks is missing there.
    pub fn records(&mut self, scan: &mut Scanner<'a>) -> Parse<()> {
        let mut index = 0;
        scan.elements(|scan| {
            if scan.peek() == b'{' {
                self.record(scan)?;
            } else {
                self.problem.get_or_insert_with(|| problem::no_record(index, scan));
                scan.skip(2)?;
            }
            index += 1;
            Ok(())
        })
    }

    fn record(&mut self, scan: &mut Scanner<'a>) -> Parse<()> {
        let row = self.table.push_rows(1, scan.at)?;
        for nth in 0.. {
            let column = match self.slots.get(nth) {
                // Most programs write each record as the one before: brackets, blanks, key and colon at once.
                Some(slot) if scan.take(slot.gap) => {
                    // Behind the colon there may be more white space than there was in the record before.
                    scan.space();
                    slot.column
                }
                _ => match self.key(scan, nth)? {
                    Some(column) => column,
                    None => break,
                },
            };
            match column {
                Some(column) => self.cell(scan, row, column)?,
                None => scan.skip(3)?,
            }
        }
        Ok(())
    }

    /// Goes on to the next value of a record and says which column its key names; `None` at the end of the record.
    fn key(&mut self, scan: &mut Scanner<'a>, nth: usize) -> Parse<Option<Option<usize>>> {
        let begin = scan.at;
        if !scan.next_member(nth == 0)? {
            return Ok(None);
        }
        let key = scan.at;
        let known = self.slots.get(nth).map(|slot| (slot.raw, slot.column));
        let (raw, column) = match known {
            Some((raw, column)) if scan.take_key(raw)? => (raw, column),
            _ => {
                scan.at = key;
                let text = scan.string()?;
                scan.colon()?;
                (text.raw.as_bytes(), self.schema.find(&text.bytes()))
            }
        };
        let gap = scan.text().as_bytes().get(begin..scan.at).unwrap_or_default();
        let slot = Slot { raw, column, gap };
        match self.slots.get_mut(nth) {
            Some(known) => *known = slot,
            None if nth < 2 * self.schema.width() + SPARE_SLOTS => self.slots.push(slot),
            None => {}
        }
        Ok(Some(column))
    }

    /// Reads a list of lists: values in feature order, or in the order of `columns` (`None` where a column is extra).
    pub fn rows(&mut self, scan: &mut Scanner<'a>, columns: Option<&[Option<usize>]>) -> Parse<()> {
        let width = columns.map_or(self.schema.width(), <[_]>::len);
        let mut index = 0;
        scan.elements(|scan| {
            let found = match scan.peek() {
                b'[' => Some(self.row(scan, columns, width)?),
                _ => {
                    scan.skip(2)?;
                    None
                }
            };
            if found != Some(width) {
                self.problem.get_or_insert_with(|| problem::wrong_row(index, found, width));
            }
            index += 1;
            Ok(())
        })?;
        match columns {
            Some(columns) => columns.iter().flatten().for_each(|column| self.table.mark(*column)),
            None => (0..width).for_each(|column| self.table.mark(column)),
        }
        Ok(())
    }

    /// Reads one row; how many values it has.
    fn row(&mut self, scan: &mut Scanner<'a>, columns: Option<&[Option<usize>]>, width: usize) -> Parse<usize> {
        let row = self.table.push_rows(1, scan.at)?;
        let mut nth = 0;
        scan.elements(|scan| {
            let column = match columns {
                Some(columns) => columns.get(nth).copied().flatten(),
                None => Some(nth).filter(|nth| *nth < width),
            };
            nth += 1;
            match column {
                Some(column) => self.cell(scan, row, column),
                None => scan.skip(3),
            }
        })?;
        Ok(nth)
    }
}
