package inventory

// LabelRow is one row of JumpServer's label page: a label that many resources may share. A row stays when nothing
// uses it any more.
type LabelRow struct {
	ID string
	Label
	// LinkCount is how many resources use it, including those deleted since.
	LinkCount int
	// Edited says that it has a colour or a comment, so that a person made or changed it. Ours have neither.
	Edited bool
}

// LabelHolder is a resource that has a label: an asset, or anything else that people can label in JumpServer.
type LabelHolder struct {
	ID     string
	Title  string // as JumpServer shows it: "name(address)"
	Exists bool   // false: it was deleted, and JumpServer only remembers that it had the label
}

// LabelForm says which values a version of JumpServer takes for labels.
type LabelForm string

// The forms. All of them take what IsStorableLabel allows.
const (
	LabelFormUnknown LabelForm = ""        // JumpServer does not show its version
	LabelFormFree    LabelForm = "free"    // up to v4.10.16: any value of at most MaxLabelLength characters
	LabelFormChecked LabelForm = "checked" // v4.10.17 and later: neither blank nor with ":" or ","
)
