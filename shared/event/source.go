package event

// SourceImport is the source of events that were read from a file of history; see package importfile.
const SourceImport Source = "import"
