/** Rows of equal shape as CSV, for spreadsheets. */

/** Columns are those of the first row. Lines end as RFC 4180 has it. */
export function csvText(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  return csvHead(columns) + rows.map((row) => lineOf(columns.map((column) => row[column]))).join("");
}

export function csvHead(columns: readonly string[]): string {
  return lineOf(columns);
}

/** Its members in their order. */
export function csvLine(row: Readonly<Record<string, unknown>>): string {
  return lineOf(Object.values(row));
}

function lineOf(values: readonly unknown[]): string {
  return `${values.map((value) => cell(String(value ?? ""))).join(",")}\r\n`;
}

/** What begins like a formula is text to a spreadsheet, too. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
