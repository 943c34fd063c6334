package jumpserver

import (
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// labelIDs remembers the ids of the labels that assets were seen with. A PATCH replaces all labels of an
// asset, and v4.10.17 and later refuse a value with ":" or "," in it, or a blank one, as text, also where
// the asset has that label from before: people's url:http://x would keep every change out. By their id
// such labels are taken by every version. Safe for concurrent use; the zero value is empty.
type labelIDs struct {
	mu  sync.Mutex
	ids map[inventory.Label]string
}

// maxLabelIDs bounds the book: more than any one list of writes needs.
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

// requestBodies returns labels as a write carries them: those that JumpServer has by their id, others as text.
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

// dropLabels drops labels of which one, nobody knows which, has no row any more. Those that only an id can
// name are kept: an asset that is read anew either lacks the one that is gone or tells its new id.
func (b *labelIDs) dropLabels(labels []inventory.Label) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range labels {
		if inventory.IsStorableLabel(l.Value) {
			delete(b.ids, l)
		}
	}
}

// isUnknownLabel reports whether JumpServer answers that a label which was named by its id does not exist. A host
// that does not exist has the same code: what is missing stands in the text alone, by its class's name.
func (r *apiError) isUnknownLabel() bool {
	return r != nil && r.status == http.StatusNotFound && strings.HasPrefix(string(r.keys["detail"]), `"Label `)
}

// errLabelGone is the cause where somebody deleted a label between the reading of an asset and the write.
var errLabelGone = errors.New("a label of the host was deleted meanwhile")

// labelGoneError is the error of such a write. It did nothing: the asset must be read again before the next one.
func labelGoneError(op string) error {
	return newError(inventory.Temporary, "jumpserver: "+op, errLabelGone)
}
