package inventory

// LabelRow is one row of JumpServer's label page: a label that many resources may share. A row stays
// when nothing has it any more.
type LabelRow struct {
	ID string
	Label
	// LinkCount is how many resources have it, those included that were deleted since.
	LinkCount int
	// Edited: it has a colour or a comment, so a person made or changed it. Ours have neither.
	Edited bool
}

// LabelHolder is a resource that has a label: an asset, or another thing that JumpServer lets people label.
type LabelHolder struct {
	ID     string
	Title  string // as JumpServer shows it: "name(address)"
	Exists bool   // false: it was deleted, and JumpServer only remembers that it had the label
}

// LabelForm says which values a version of JumpServer takes for labels.
type LabelForm string

// The forms. Storable is true of values that all of them take.
const (
	LabelFormUnknown LabelForm = ""        // JumpServer does not tell its version
	LabelFormFree    LabelForm = "free"    // up to v4.10.16: any value of at most MaxLabelLength characters
	LabelFormChecked LabelForm = "checked" // v4.10.17 and later: neither blank nor with ":" or ","
)
