//! Tables.

use crate::report::shown;

/// The lines of a table. Cells may contain server text, so each is shown on one line.
pub(crate) fn table<const COLUMNS: usize>(head: [&str; COLUMNS], rows: &[[String; COLUMNS]]) -> Vec<String> {
    let cells: Vec<[String; COLUMNS]> = std::iter::once(head.map(str::to_owned))
        .chain(rows.iter().cloned())
        .map(|row| row.map(|cell| shown(&cell)))
        .collect();
    let mut widths = [0; COLUMNS];
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; COLUMNS]| {
        let padded = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    cells.iter().map(line).collect()
}

/// A question mark for a missing value.
pub(crate) fn or_unknown(text: Option<&str>) -> String {
    text.unwrap_or("?").to_owned()
}

/// Yes, no, or a question mark.
pub(crate) fn yes_or_no(answer: Option<bool>) -> String {
    match answer {
        Some(true) => "yes".to_owned(),
        Some(false) => "NO".to_owned(),
        None => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_a_cell_stays_in_its_line() {
        let rows = [["web01".to_owned(), "a\nb".to_owned()], ["w".to_owned(), yes_or_no(None)]];
        assert_eq!(table(["machine", "alias"], &rows), ["machine  alias", r"web01    a\nb", "w        ?"]);
    }
}
