package plan

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// maxCommentLength is how many characters of a comment JumpServer has been seen to keep.
const maxCommentLength = 5000

// proofComment returns the comment of an adopted asset: a person's text, and behind it the lines that prove
// ownership, as far as the text lacks them. Who may set labels cannot write them, so that no label alone makes the
// asset another instance's, account's or region's. An asset whose id is the proof needs no lines. fits is false if
// JumpServer may not keep it all.
func (r Rules) proofComment(a inventory.Asset, i inventory.Instance) (text string, fits bool) {
	if a.ID == inventory.AssetID(i.Cloud, i.Region, i.ID) {
		return a.Comment, true
	}
	var lines []string
	if len(instancesInComment(a.Comment)) == 0 {
		lines = append(lines, r.Lang.Text("由 jms-sync 认领，凭下面几行确认是哪台实例", "adopted by jms-sync, which knows the instance by these lines"))
	}
	for _, line := range []struct{ key, value string }{
		{inventory.KeyInstance, i.ID}, {inventory.KeyOwner, i.Owner}, {inventory.KeyProject, i.Project}, {inventory.KeyRegion, i.Region},
	} {
		said := slices.ContainsFunc(commentValues(a.Comment, line.key), func(v string) bool { return strings.EqualFold(v, line.value) })
		if line.value != "" && !said {
			lines = append(lines, line.key+" "+line.value)
		}
	}
	if len(lines) == 0 {
		return a.Comment, true
	}
	if a.Comment != "" {
		lines = slices.Insert(lines, 0, strings.TrimRight(a.Comment, "\r\n "))
	}
	text = strings.Join(lines, "\n")
	return text, utf8.RuneCountInString(text) <= maxCommentLength
}
