// Package reports renders what an experiment showed: as a table for a terminal,
// as CSV and JSON for other programs, and as one self-contained HTML page with
// charts.
//
// Floor 6. It may import experiment and measure, and what renders text
// (tablewriter, html/template). It must not import a driver, nor compute
// statistics: a figure, interval or verdict that is not in the Result does not
// belong in a report. Equal results render to equal bytes.
package reports
