//! Rows of a file of which only a piece is in memory.

use csv::{ByteRecord, ReaderBuilder};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// A piece of a file, from the beginning of a row on.
pub struct Piece<'a> {
    pub bytes: &'a [u8],
    /// The file ends with it.
    pub whole: bool,
}

/// Some rows of a piece.
#[derive(Clone)]
pub struct Taken<'a> {
    bytes: &'a [u8],
    /// Where each row begins and ends, with what groups it.
    rows: Vec<(usize, usize, Vec<u8>)>,
    /// Bytes up to the next row.
    length: u64,
}

impl<'a> Piece<'a> {
    /// The header with the end of its line, and how many bytes there are up to the first row.
    ///
    /// # Errors
    /// There is none, or it is no text.
    pub fn header(&self) -> Result<(String, u64), String> {
        let bytes = self.bytes.strip_prefix(BOM).unwrap_or(self.bytes);
        let begin = self.bytes.len() - bytes.len();
        let mut reader = reader(bytes);
        let read = reader.read_byte_record(&mut ByteRecord::new());
        let end = ended(bytes, reader.position().byte());
        match (read, bytes.get(..end)) {
            (Ok(true), Some(header)) if self.whole || end < bytes.len() => {
                let text = std::str::from_utf8(header).map_err(|_| "is not UTF-8".to_owned())?;
                Ok((format!("{}\n", text.trim_end_matches(['\r', '\n'])), (begin + end) as u64))
            }
            (Ok(true), _) => Err("is too long: is a quotation mark not closed?".into()),
            _ => Err("there is no header".into()),
        }
    }

    /// So many rows, or some more so that none of a group is left behind.
    ///
    /// # Errors
    /// A row, or what belongs together, is larger than the piece.
    pub fn take(
        &self,
        at_once: u64,
        header: &str,
        group: Option<&str>,
    ) -> Result<Taken<'a>, String> {
        let column = group.and_then(|group| column(header, group));
        let at_once = usize::try_from(at_once).unwrap_or(usize::MAX);
        let mut reader = reader(self.bytes);
        let (mut record, mut rows) = (ByteRecord::new(), Vec::new());
        let mut complete = false;
        loop {
            let read = reader.read_byte_record(&mut record);
            if !matches!(read, Ok(true)) {
                complete = self.whole;
                break;
            }
            let begin = begun(self.bytes, record.position().map_or(0, csv::Position::byte));
            let end = ended(self.bytes, reader.position().byte());
            // It may go on behind the piece.
            if end >= self.bytes.len() && !self.whole {
                break;
            }
            let of = column.and_then(|column| record.get(column)).unwrap_or_default();
            let of = of.trim_ascii().to_vec();
            let next: &(usize, usize, Vec<u8>) = match rows.last() {
                Some(last) => last,
                None => {
                    rows.push((begin, end, of));
                    continue;
                }
            };
            if rows.len() >= at_once && (column.is_none() || next.2 != of) {
                complete = true;
                break;
            }
            rows.push((begin, end, of));
        }
        if !complete && column.is_some() {
            // What the last ones belong to may go on.
            let last = rows.last().map(|row| row.2.clone());
            while rows.last().map(|row| &row.2) == last.as_ref() && last.is_some() {
                rows.pop();
            }
        }
        if rows.is_empty() && !self.whole {
            return Err(format!(
                "from here on a row, or rows that belong together, have more than {} bytes: is a quotation \
                 mark not closed?",
                self.bytes.len()
            ));
        }
        let end = rows.last().map_or(self.bytes.len(), |row| row.1);
        Ok(Taken { bytes: self.bytes, rows, length: end as u64 })
    }
}

impl<'a> Taken<'a> {
    pub fn rows(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Bytes up to the next row.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Those bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes.get(..place(self.length)).unwrap_or(self.bytes)
    }

    /// The rows below their header.
    ///
    /// # Errors
    /// They are no text.
    pub fn text(&self, header: &str) -> Result<String, String> {
        let mut text = header.as_bytes().to_vec();
        for (begin, end, _) in &self.rows {
            text.extend_from_slice(self.bytes.get(*begin..*end).unwrap_or_default());
            if text.last() != Some(&b'\n') {
                text.push(b'\n');
            }
        }
        String::from_utf8(text).map_err(|_| "is not UTF-8 here or below: save it as UTF-8".into())
    }

    /// The line of the file that a line of [`Taken::text`] is, where the first row is in line `first`.
    pub fn line(&self, line: u32, header: &str, first: u64) -> u64 {
        let above = u64::from(line).saturating_sub(1 + super::lines(header.as_bytes()));
        if u64::from(line) <= super::lines(header.as_bytes()) {
            return 1;
        }
        // Rows that were left out are lines, too.
        let mut left = above;
        let mut passed = 0;
        for (begin, end, _) in &self.rows {
            let before = self.bytes.get(..*begin).unwrap_or_default();
            let own = self.bytes.get(*begin..*end).unwrap_or_default();
            let own = super::lines(own).max(1);
            passed = super::lines(before);
            if left < own {
                return first + passed + left;
            }
            left -= own;
        }
        first + passed + left
    }

    /// Without what has rows in these lines of [`Taken::text`].
    pub fn without(&self, faulty: &[u32], header: &str) -> Taken<'a> {
        let mut line = 1 + super::lines(header.as_bytes());
        let mut gone: Vec<usize> = Vec::new();
        for (i, (begin, end, _)) in self.rows.iter().enumerate() {
            let own = self.bytes.get(*begin..*end).unwrap_or_default();
            let next = line + super::lines(own).max(1);
            if faulty.iter().any(|faulty| (line..next).contains(&u64::from(*faulty))) {
                gone.push(i);
            }
            line = next;
        }
        let groups: Vec<&Vec<u8>> =
            gone.iter().filter_map(|i| self.rows.get(*i)).map(|row| &row.2).collect();
        let kept = |(i, row): (usize, &(usize, usize, Vec<u8>))| {
            let together = !row.2.is_empty() && groups.contains(&&row.2);
            (!together && !gone.contains(&i)).then(|| row.clone())
        };
        // Where it is not the rows that are wrong, none can be imported.
        let rows = match gone.is_empty() {
            true => Vec::new(),
            false => self.rows.iter().enumerate().filter_map(kept).collect(),
        };
        Taken { bytes: self.bytes, rows, length: self.length }
    }
}

fn reader(bytes: &[u8]) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes)
}

fn column(header: &str, name: &str) -> Option<usize> {
    let mut record = ByteRecord::new();
    reader(header.as_bytes()).read_byte_record(&mut record).ok()?;
    record.iter().position(|cell| cell.trim_ascii() == name.as_bytes())
}

/// Where a row begins: behind the lines before it that are empty.
fn begun(bytes: &[u8], byte: u64) -> usize {
    let ends = |b: &u8| matches!(b, b'\r' | b'\n');
    let at = place(byte).min(bytes.len());
    at + bytes.iter().skip(at).take_while(|b| ends(b)).count()
}

/// Where a row ends: the reader stops between the two bytes of a line end.
fn ended(bytes: &[u8], byte: u64) -> usize {
    let at = place(byte);
    let between = at > 0 && bytes.get(at - 1) == Some(&b'\r') && bytes.get(at) == Some(&b'\n');
    if between { at + 1 } else { at }
}

fn place(byte: u64) -> usize {
    usize::try_from(byte).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "slug,sku\n";

    fn taken(text: &str, whole: bool, at_once: u64, group: Option<&str>) -> Result<u64, String> {
        let piece = Piece { bytes: text.as_bytes(), whole };
        piece.take(at_once, HEADER, group).map(|taken| taken.rows())
    }

    #[test]
    fn a_header_is_read_with_its_length_whatever_begins_and_ends_it() {
        for (text, length) in [("a,b\n1,2\n", 4), ("a,b\r\n1,2", 5), ("\u{feff}a,b\n1,2", 7)] {
            let piece = Piece { bytes: text.as_bytes(), whole: true };
            assert_eq!(piece.header(), Ok(("a,b\n".to_owned(), length)), "{text:?}");
        }
        let unclosed = Piece { bytes: b"a,\"b\n1,2\n", whole: false };
        assert!(unclosed.header().unwrap_err().contains("not closed"));
        assert!(Piece { bytes: b"", whole: true }.header().is_err());
    }

    #[test]
    fn the_last_row_of_a_piece_is_left_to_the_next_one_unless_the_file_ends() {
        assert_eq!(taken("a,1\nb,2\nc,3", false, 9, None), Ok(2));
        assert_eq!(taken("a,1\nb,2\nc,3", true, 9, None), Ok(3));
        assert_eq!(taken("a,1\nb,2\nc,3", true, 2, None), Ok(2));
        assert_eq!(taken("", true, 2, None), Ok(0));
    }

    #[test]
    fn rows_that_belong_together_are_taken_together() {
        let group = Some("slug");
        assert_eq!(taken("a,1\na,2\na,3\nb,4\nb,5\n", true, 1, group), Ok(3));
        assert_eq!(taken("a,1\na,2\na,3\nb,4\nb,5\n", true, 4, group), Ok(5));
        assert_eq!(taken("a,1\na,2\nb,3\nb,4\nb,", false, 9, group), Ok(2));
        assert!(taken("a,1\na,2\na,3\n", false, 9, group).unwrap_err().contains("together"));
        assert!(taken("a,\"1\na,2\na,3\n", false, 9, None).unwrap_err().contains("not closed"));
    }

    #[test]
    fn lines_of_rows_are_those_of_the_file_though_some_are_left_out() {
        let text = "a,\"1\n1\"\nb,2\nb,3\nc,4\n";
        let piece = Piece { bytes: text.as_bytes(), whole: true };
        let all = piece.take(9, HEADER, Some("slug")).unwrap();
        assert_eq!(all.text(HEADER).unwrap(), format!("{HEADER}{text}"));
        let lines: Vec<u64> = [1, 2, 4, 5, 6].map(|line| all.line(line, HEADER, 100)).to_vec();
        assert_eq!(lines, [1, 100, 102, 103, 104]);
        let some = all.without(&[5], HEADER);
        assert_eq!(some.text(HEADER).unwrap(), format!("{HEADER}a,\"1\n1\"\nc,4\n"));
        assert_eq!(some.line(4, HEADER, 100), 104);
        assert_eq!(all.without(&[1], HEADER).rows(), 0);
    }
}
