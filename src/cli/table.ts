/**
 * A table in plain columns: a heading, then rows, each column as wide as its widest cell.
 *
 * No lines and no shortening, so that `grep`, `awk` and a double click find whole words.
 */
import { styled, widthOf } from './terminal.ts'

export interface Column<Row> {
  readonly title: string
  readonly align?: 'left' | 'right'
  cell(row: Row): string
}

const gap = '  '

export function tableOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map((column) => column.cell(row)))
  const widths = columns.map((column, at) =>
    Math.max(widthOf(column.title), ...cells.map((line) => widthOf(line[at] ?? ''))),
  )
  const lineOf = (line: readonly string[]): string =>
    line
      .map((cell, at) => padded(cell, widths[at] ?? 0, columns[at]?.align ?? 'left'))
      .join(gap)
      .trimEnd()
  const heading = lineOf(columns.map((column) => column.title))
  return [styled('bold', heading), ...cells.map(lineOf)].join('\n')
}

function padded(cell: string, width: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(cell)))
  return align === 'left' ? cell + blanks : blanks + cell
}
