//! What an .xls would cost, told before calamine reads it. calamine trusts the file: it follows rings of sectors without
//! end, sets memory aside for whatever a sheet claims to hold, makes a full rectangle of two far cells, and copies a
//! shared text for every cell that names it. So the compound file ([MS-CFB]) and the heads of its records ([MS-XLS]) are
//! walked first; whatever is unsound, or far larger than any form, is refused. What a sheet claims to span (LibreOffice
//! claims a million rows) is overwritten in the copy that calamine reads: only the cells that are there count.

/// Bytes of a file.
const MAX_FILE: usize = 16 << 20;
/// Records that are looked at; a sheet may be named twice, so there can be more than the file holds.
const MAX_RECORDS: usize = 2_000_000;
/// Cells inside the rectangles that the filled cells of the sheets span.
const MAX_CELLS: usize = 1_000_000;
/// Letters in all cells together.
const MAX_LETTERS: usize = 8 << 20;
/// Bytes of formulas: they are written out, though nobody reads them here.
const MAX_FORMULAS: usize = 2 << 20;
/// Parts of a long record that follow each other.
const MAX_PARTS: usize = 4_000;
const END_OF_CHAIN: u32 = 0xFFFF_FFFE;

const BEGIN: u16 = 0x0809;
const END: u16 = 0x000A;
const CONTINUE: u16 = 0x003C;
/// The records are encrypted from here on.
const PASSWORD: u16 = 0x002F;
const SHEET: u16 = 0x0085;
const SHARED_TEXTS: u16 = 0x00FC;
const DIMENSIONS: u16 = 0x0200;
const FORMULA: u16 = 0x0006;
const SHARED_TEXT: u16 = 0x00FD;
const NUMBERS: u16 = 0x00BD;
/// The text that a formula came to; without a formula before it, it lies in the first cell.
const RESULT: u16 = 0x0207;
/// Records of one cell each: number, text, rich text, truth or error, short number.
const CELLS: [u16; 7] = [0x0203, 0x0204, 0x00D6, 0x0205, 0x027E, FORMULA, SHARED_TEXT];

/// Why a file is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XlsError {
    /// Protected with a password.
    Locked,
    /// Damaged, or larger than any form.
    Unsound,
}

/// The bytes as they can be handed to calamine.
pub fn made_safe(bytes: &[u8]) -> Result<Vec<u8>, XlsError> {
    let file = Compound::open(bytes).ok_or(XlsError::Unsound)?;
    // a protected .xlsx is a compound file around the encrypted workbook
    if file.stream("EncryptedPackage").is_some() {
        return Err(XlsError::Locked);
    }
    let mut cost = Cost { records: MAX_RECORDS, cells: MAX_CELLS, letters: MAX_LETTERS, formulas: MAX_FORMULAS };
    let mut safe = bytes.to_vec();
    for stream in ["workbook", "book"].iter().filter_map(|name| file.stream(name)) {
        let stream = stream.ok_or(XlsError::Unsound)?;
        if records(&stream.bytes, 0).take_while(|(kind, ..)| *kind != END).any(|(kind, ..)| kind == PASSWORD) {
            return Err(XlsError::Locked);
        }
        let mut claims = Vec::new();
        cost.workbook(&stream.bytes, &mut claims).ok_or(XlsError::Unsound)?;
        for (at, len) in claims {
            // from row 0 to row 1, from column 0 to column 1
            let modest: &[u8] =
                if len == 10 { &[0, 0, 1, 0, 0, 0, 1, 0] } else { &[0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0] };
            for (more, byte) in modest.iter().enumerate().take(len) {
                let place = stream.place(at + more).filter(|place| *place < safe.len()).ok_or(XlsError::Unsound)?;
                safe[place] = *byte;
            }
        }
    }
    Ok(safe)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.as_chunks::<4>().0.iter().map(|number| u32::from_le_bytes(*number))
}

/// The bytes of a stream, and where they lie in the file.
struct Stream {
    bytes: Vec<u8>,
    /// Length of a piece, and where each piece begins in the file.
    piece: usize,
    starts: Vec<usize>,
}

impl Stream {
    /// Where a byte of the stream lies in the file.
    fn place(&self, at: usize) -> Option<usize> {
        Some(self.starts.get(at / self.piece)? + at % self.piece)
    }
}

/// A file system in a file.
struct Compound<'a> {
    bytes: &'a [u8],
    sector: usize,
    /// By sector: the one that follows it.
    next: Vec<u32>,
    next_small: Vec<u32>,
    /// Small streams share one, in sectors of 64 bytes; where the sectors of that one lie.
    small: Vec<u8>,
    small_starts: Vec<usize>,
    directory: Vec<u8>,
}

impl<'a> Compound<'a> {
    fn open(bytes: &'a [u8]) -> Option<Self> {
        let sector = match u16_at(bytes, 30)? {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let (next, next_small) = (Vec::new(), Vec::new());
        let mut file = Self {
            bytes,
            sector,
            next,
            next_small,
            small: Vec::new(),
            small_starts: Vec::new(),
            directory: Vec::new(),
        };
        let sectors = bytes.len() / sector + 1;
        // the table of sectors lies in sectors itself: 109 are named in the head, the others in a chain
        let mut tables: Vec<u32> = numbers(bytes.get(76..512)?).collect();
        let mut more = u32_at(bytes, 68)?;
        while more < 0xFFFF_FFFA {
            tables.extend(numbers(file.at(more)?));
            more = tables.pop()?;
            if tables.len() > sectors + 109 {
                return None;
            }
        }
        tables.retain(|table| *table < 0xFFFF_FFFC);
        if bytes.len() > MAX_FILE || tables.len() > sectors {
            return None;
        }
        for table in tables {
            let part = numbers(file.at(table)?);
            file.next.extend(part);
        }
        file.directory = chain(u32_at(bytes, 48)?, usize::MAX, &file.next, |id| file.at(id))?.0;
        let small_tables = (u32_at(bytes, 64)? as usize).checked_mul(sector)?;
        if small_tables > 0 {
            let (start, len) = (u32_at(&file.directory, 116)?, u32_at(&file.directory, 120)? as usize);
            let (small, ids) = chain(start, len, &file.next, |id| file.at(id))?;
            (file.small, file.small_starts) = (small, ids.into_iter().map(|id| file.start(id)).collect());
            let (tables, _) = chain(u32_at(bytes, 60)?, small_tables, &file.next, |id| file.at(id))?;
            file.next_small = numbers(&tables).collect();
        }
        Some(file)
    }

    /// Where a sector begins in the file.
    fn start(&self, id: u32) -> usize {
        (id as usize + 1).saturating_mul(self.sector)
    }

    fn at(&self, id: u32) -> Option<&'a [u8]> {
        let start = self.start(id);
        self.bytes.get(start..self.bytes.len().min(start.saturating_add(self.sector)))
    }

    /// The stream of this name, if there is one: its bytes, or none where it is unsound.
    fn stream(&self, name: &str) -> Option<Option<Stream>> {
        let named = |entry: &&[u8]| {
            let letters = entry[..64].as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
            let letters = letters.take_while(|unit| *unit != 0);
            String::from_utf16_lossy(&letters.collect::<Vec<_>>()).eq_ignore_ascii_case(name)
        };
        let entry = self.directory.as_chunks::<128>().0.iter().map(|entry| &entry[..]).find(named)?;
        let start = u32_at(entry, 116)?;
        let len = u32_at(entry, 120)? as usize;
        let small = |id: u32| self.small.get(id as usize * 64..).map(|rest| &rest[..rest.len().min(64)]);
        Some(match len < 4096 {
            true => chain(start, len, &self.next_small, small).map(|(bytes, ids)| {
                let place = |id: u32| {
                    let at = id as usize * 64;
                    self.small_starts.get(at / self.sector).map_or(usize::MAX, |start| start + at % self.sector)
                };
                Stream { bytes, piece: 64, starts: ids.into_iter().map(place).collect() }
            }),
            false => chain(start, len, &self.next, |id| self.at(id)).map(|(bytes, ids)| {
                let starts = ids.into_iter().map(|id| self.start(id)).collect();
                Stream { bytes, piece: self.sector, starts }
            }),
        })
    }
}

/// The bytes of a chain of sectors, and its sectors; none where it is a ring, or leads out of the file.
fn chain<'a>(
    mut id: u32,
    len: usize,
    next: &[u32],
    at: impl Fn(u32) -> Option<&'a [u8]>,
) -> Option<(Vec<u8>, Vec<u32>)> {
    let (mut bytes, mut ids) = (Vec::new(), Vec::new());
    for _ in 0..=next.len() {
        if id == END_OF_CHAIN || bytes.len() >= len {
            bytes.truncate(len);
            return Some((bytes, ids));
        }
        bytes.extend_from_slice(at(id)?);
        ids.push(id);
        id = next.get(id as usize).copied().unwrap_or(END_OF_CHAIN);
    }
    None
}

/// The records of a stream from a place on: kind, content, and where the content begins.
fn records(stream: &[u8], mut at: usize) -> impl Iterator<Item = (u16, &[u8], usize)> {
    std::iter::from_fn(move || {
        let (kind, len) = (u16_at(stream, at)?, u16_at(stream, at + 2)? as usize);
        let content = stream.get(at + 4..at + 4 + len)?;
        at += 4 + len;
        Some((kind, content, at - len))
    })
}

/// What may still be spent.
struct Cost {
    records: usize,
    cells: usize,
    letters: usize,
    formulas: usize,
}

fn spend(purse: &mut usize, cost: usize) -> Option<()> {
    *purse = purse.checked_sub(cost)?;
    Some(())
}

impl Cost {
    /// `claims` are the places and lengths of what the sheets say that they span.
    fn workbook(&mut self, stream: &[u8], claims: &mut Vec<(usize, usize)>) -> Option<()> {
        let (mut sheets, mut texts) = (Vec::new(), Vec::new());
        let mut head = records(stream, 0).take_while(|(kind, ..)| *kind != END).peekable();
        while let Some((kind, content, _)) = head.next() {
            let mut parts = vec![content];
            while let Some((_, part, _)) = head.next_if(|(kind, ..)| *kind == CONTINUE) {
                parts.push(part);
            }
            spend(&mut self.records, parts.len())?;
            match kind {
                _ if parts.len() > MAX_PARTS => return None,
                SHEET => sheets.push(u32_at(content, 0)? as usize),
                SHARED_TEXTS => texts = lengths(&parts)?,
                _ => {}
            }
        }
        sheets.into_iter().try_for_each(|at| self.sheet(stream, at, &texts, claims))
    }

    fn sheet(&mut self, stream: &[u8], at: usize, texts: &[u16], claims: &mut Vec<(usize, usize)>) -> Option<()> {
        let mut depth = 0;
        // rows and columns, from and to
        let mut span: Option<[u32; 4]> = None;
        for (kind, content, place) in records(stream, at) {
            spend(&mut self.records, 1)?;
            depth += usize::from(kind == BEGIN);
            depth = depth.saturating_sub(usize::from(kind == END));
            match kind {
                END if depth == 0 => break,
                // charts in a sheet are no cells
                _ if depth > 1 => continue,
                DIMENSIONS => {
                    claims.push((place, content.len()));
                    continue;
                }
                FORMULA => spend(&mut self.formulas, content.len())?,
                SHARED_TEXT => {
                    let text = texts.get(u32_at(content, 6)? as usize);
                    spend(&mut self.letters, text.map_or(0, |letters| usize::from(*letters)))?;
                }
                _ => {}
            }
            let number = |at| u16_at(content, at).map(u32::from);
            let cell = match kind {
                RESULT => Some((0, 0, 0)),
                NUMBERS => Some((number(0)?, number(2)?, number(content.len().checked_sub(2)?)?)),
                _ if CELLS.contains(&kind) => Some((number(0)?, number(2)?, number(2)?)),
                _ => None,
            };
            if let Some((row, first, last)) = cell {
                let [top, bottom, left, right] = span.unwrap_or([row, row, first, last]);
                span = Some([top.min(row), bottom.max(row), left.min(first), right.max(last)]);
            }
        }
        let [top, bottom, left, right] = span.unwrap_or_default();
        let (rows, columns) = (bottom - top + 1, right.saturating_sub(left) + 1);
        spend(&mut self.cells, (rows as usize).saturating_mul(columns as usize))
    }
}

/// The letters of each shared text. A text may go on in the next part of the record, in narrow or wide letters anew.
fn lengths(parts: &[&[u8]]) -> Option<Vec<u16>> {
    let mut all = Vec::new();
    let mut parts = parts.iter();
    let mut rest = parts.next()?.get(8..)?;
    loop {
        while rest.is_empty() {
            match parts.next() {
                Some(part) => rest = part,
                None => return Some(all),
            }
        }
        let (letters, mut flags) = (u16_at(rest, 0)?, *rest.get(2)?);
        let (rich, far_east) = (flags & 8 != 0, flags & 4 != 0);
        let runs = if rich { usize::from(u16_at(rest, 3)?) * 4 } else { 0 };
        let extra = if far_east { u32_at(rest, 3 + 2 * usize::from(rich))? as usize } else { 0 };
        rest = rest.get(3 + 2 * usize::from(rich) + 4 * usize::from(far_east)..)?;
        all.push(letters);
        let mut left = usize::from(letters);
        while left > 0 {
            let width = 1 + usize::from(flags & 1);
            let here = left.min(rest.len() / width);
            left -= here;
            rest = &rest[here * width..];
            if left > 0 {
                (flags, rest) = parts.next()?.split_first().map(|(flags, rest)| (*flags, rest))?;
            }
        }
        let mut skip = runs.checked_add(extra)?;
        while skip > rest.len() {
            skip -= rest.len();
            rest = parts.next()?;
        }
        rest = &rest[skip..];
    }
}
