//! Tables written by rows: a list of records, a list of lists, the data of the split form.

use super::decode::{Decoder, Slot};
use super::json::{Parse, Scanner};
use super::problem;

/// Keys of a record that are remembered beyond twice the number of columns.
const SPARE_SLOTS: usize = 64;

impl<'a> Decoder<'a> {
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
        let mut nth = 0;
        scan.members(|scan| {
            let column = self.key(scan, nth)?;
            nth += 1;
            match column {
                Some(column) => self.cell(scan, row, column),
                None => scan.skip(3),
            }
        })
    }

    /// Takes a key and its colon; the column that it names. Compares with the key that stood at the same position of
    /// the previous record (of the feature order, in the first) before anything is looked up.
    #[inline(always)]
    fn key(&mut self, scan: &mut Scanner<'a>, nth: usize) -> Parse<Option<usize>> {
        match self.slots.get(nth) {
            Some(slot) if scan.take_key(slot.raw)? => Ok(slot.column),
            _ => self.unexpected_key(scan, nth),
        }
    }

    fn unexpected_key(&mut self, scan: &mut Scanner<'a>, nth: usize) -> Parse<Option<usize>> {
        let key = scan.string()?;
        scan.colon()?;
        let column = self.schema.find(&key.bytes());
        let slot = Slot { raw: key.raw.as_bytes(), column };
        match self.slots.get_mut(nth) {
            Some(known) => *known = slot,
            None if nth < 2 * self.schema.width() + SPARE_SLOTS => self.slots.push(slot),
            None => {}
        }
        Ok(column)
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
