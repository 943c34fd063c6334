package fakecloudtest

import (
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// factSources says where the answers have the facts.
func factSources() inventory.FactSources {
	return inventory.FactSources{inventory.FactStatus: "`status`", inventory.FactZone: "`zone`"}
}

// factRow has those fields of a row that only mapping rules read. The fake cloud has tags and zones, and nothing else.
type factRow struct {
	Zone cloud.LenientText              `json:"zone"`
	Tags cloud.Shown[map[string]string] `json:"tags"`
}

// facts returns what is wanted of a row.
func (m *machine) facts(want inventory.Want) *inventory.Facts {
	if want.IsEmpty() {
		return nil
	}
	f := inventory.Facts{Status: strings.ToLower(m.Status), Zone: string(m.Zone)}
	read, unread := m.Tags.Read()
	f.TagsUnread = unread
	for key, value := range read {
		f.Tags = append(f.Tags, inventory.Tag{Key: key, Value: value})
	}
	return want.Keep(f)
}
