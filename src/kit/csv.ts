/** Rows of equal shape as CSV, for spreadsheets. */

/** Columns are those of the first row. Lines end as RFC 4180 has it. */
export function csvText(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ""))];
  return `${lines.map((line) => line.map((value) => cell(String(value))).join(",")).join("\r\n")}\r\n`;
}

/** What begins like a formula is text to a spreadsheet, too. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
