package jumpserver

import (
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// labelIDs remembers the ids of the labels that assets have. A PATCH replaces all labels of an
// asset, and v4.10.17 and later refuse a text whose value is blank or has ":" or "," in it, even where
// the asset already has that label: people's url:http://x would block every change. Every version
// accepts such labels by their id. It is safe for concurrent use; the zero value is empty.
type labelIDs struct {
	mu  sync.Mutex
	ids map[inventory.Label]string
}

// maxLabelIDs bounds the map: more than any one list of writes needs.
const maxLabelIDs = 1 << 15

func (b *labelIDs) addRows(rows []labelRow) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ids == nil || len(b.ids) > maxLabelIDs {
		b.ids = map[inventory.Label]string{}
	}
	for _, l := range rows {
		if isUUID(l.ID) {
			b.ids[inventory.Label{Name: l.Name, Value: l.Value}] = l.ID
		}
	}
}

// requestBodies returns labels in the form of a write: those with a known id by it, others as text.
func (b *labelIDs) requestBodies(labels []inventory.Label) []any {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]any, len(labels))
	for n, l := range labels {
		if id, known := b.ids[l]; known {
			out[n] = map[string]string{"id": id}
			continue
		}
		out[n] = l.String()
	}
	return out
}

// dropLabels forgets labels of which one, it is unknown which, has no row any more. Labels that only an id can
// name are kept: reading the asset again either no longer shows the deleted one or shows its new id.
func (b *labelIDs) dropLabels(labels []inventory.Label) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range labels {
		if inventory.IsStorableLabel(l.Value) {
			delete(b.ids, l)
		}
	}
}

// isUnknownLabel reports whether JumpServer answers that a label named by its id does not exist. The answer for a host
// that does not exist has the same code: only the text says what is missing, by its class name.
func (r *apiError) isUnknownLabel() bool {
	return r != nil && r.status == http.StatusNotFound && strings.HasPrefix(string(r.keys["detail"]), `"Label `)
}

// errLabelGone is the cause where somebody deleted a label between the reading of an asset and the write.
var errLabelGone = errors.New("a label of the host was deleted meanwhile")

// labelGoneError returns the error of such a write. It changed nothing: the asset must be read again first.
func labelGoneError(op string) error {
	return newError(inventory.Temporary, "jumpserver: "+op, errLabelGone)
}
