//! Cells of files for spreadsheets, which no spreadsheet takes for a formula.

/// What makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection"), and the apostrophe that prevents it.
const DANGEROUS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// Text that a spreadsheet shows as it is: an apostrophe goes before what would start a formula.
pub fn guarded(text: &str) -> String {
    if text.starts_with(DANGEROUS) { format!("'{text}") } else { text.to_owned() }
}

/// The text that [`guarded`] was given.
pub fn unguarded(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| rest.starts_with(DANGEROUS)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_written_cell_can_start_a_formula_and_each_comes_back_as_it_was() {
        for text in ["", "plain", "=1+1", "+49 30", "-5", "@sum", "\tx", "'quoted", "'=x", "''", "a=b"] {
            let written = guarded(text);
            assert!(!written.starts_with(['=', '+', '-', '@', '\t', '\r']), "{written:?}");
            assert_eq!(unguarded(&written), text);
        }
    }
}
