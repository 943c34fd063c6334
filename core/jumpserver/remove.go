package jumpserver

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Remove deletes hosts for good, in lists of at most RemoveBatch; the answer has one entry for
// each id, nil where the host is gone, also where it was gone before. No ids: no call. Unanswered means that
// the host is still there, but may yet be deleted; nothing is sent twice for it.
//
// JumpServer deletes what a filter matches, and its only host where there is no filter at all.
// So the ids of existing hosts are parked (POST /common/resources/cache/ answers an spm), the
// spm must be a UUID, the hosts listed under it must be exactly these, and only then they are
// deleted by it. Since JumpServer answers 204 for an spm that has expired, it is read back what
// is left. On any doubt (an odd spm, a stranger under it, a list that is not whole) nothing is deleted,
// and this list and all later ones fail with kind Incomplete; any other error stops them too.
//
// JumpServer has no way to delete only what is unchanged. So the list under the spm, the last request before the
// DELETE, reads the hosts with all fields, and still says of each whether it is to be deleted as it is now; nil
// means that all are. If it leaves one out nothing is deleted by this spm: the others are parked anew, and the
// entry of the one is nil.
func (c *Client) Remove(ctx context.Context, ids []string, still func(now inventory.Asset) bool) []error {
	errs := make([]error, len(ids))
	var valid []string
	for i, id := range ids {
		if !isUUID(id) {
			errs[i] = invalid("remove hosts", "%s is not a UUID", quote(id))
			continue
		}
		valid = append(valid, id)
	}
	r := removal{c: c, still: still, left: map[string]error{}}
	var stopped error
	for rest := distinct(valid); len(rest) > 0; {
		batch := rest[:min(len(rest), c.RemoveBatch(ctx))]
		rest = rest[len(batch):]
		if stopped == nil {
			stopped = r.batch(ctx, batch)
			continue
		}
		_ = r.stop(batch, unsent(stopped))
	}
	for i, id := range ids {
		if errs[i] == nil {
			errs[i] = r.left[strings.ToLower(id)]
		}
	}
	return errs
}

// removal is one call of Remove.
type removal struct {
	c     *Client
	still func(inventory.Asset) bool
	left  map[string]error // the hosts that are not gone though they should be, each with its error
}

func (r removal) stop(ids []string, err error) error {
	for _, id := range ids {
		r.left[id] = err
	}
	return err
}

// batch puts the hosts that are not gone into left, each with its error, and returns the
// error that stops the removal as a whole.
func (r removal) batch(ctx context.Context, batch []string) error {
	present, err := r.c.existingIDs(ctx, batch)
	if err != nil {
		return r.stop(batch, err)
	}
	if len(present) == 0 {
		return nil
	}
	begun := r.c.now() // before the hosts are read for the last time
	spm, due, err := r.park(ctx, present)
	if half := len(present) / 2; half > 0 && inventory.AdviceOf(err) == inventory.TooLarge {
		if err := r.batch(ctx, present[:half]); err != nil {
			return r.stop(present[half:], err)
		}
		return r.batch(ctx, present[half:])
	}
	if err != nil {
		return r.stop(present, err)
	}
	if len(due) < len(present) {
		return r.batch(ctx, due)
	}
	return r.delete(ctx, spm, present, begun)
}

// delete deletes the hosts that are parked under an spm, and reads back what became of them.
func (r removal) delete(ctx context.Context, spm string, ids []string, begun time.Time) error {
	path, err := deletePath(spm)
	if err != nil {
		return r.stop(ids, err)
	}
	op := fmt.Sprintf("delete %d hosts", len(ids))
	failed := r.c.do(ctx, call{op: op, method: http.MethodDelete, path: path, once: true, still: r.c.stillFresh(op, begun), effort: effort{deletions, len(ids)}})
	// What became of them counts, not what was answered.
	there, err := r.c.existingIDs(ctx, ids)
	if err != nil {
		if failed == nil {
			failed = r.c.unproven(op, err)
		}
		return r.stop(ids, failed)
	}
	if len(there) == 0 {
		return nil
	}
	if failed == nil {
		failed = fault(inventory.Incomplete, "jumpserver: "+op+": JumpServer answered that it was done, but the host is still there", nil)
	}
	return r.stop(there, failed)
}

// unproven is the error of a removal that was answered, and could not be read back.
func (c *Client) unproven(op string, err error) error {
	e := fault(inventory.Unanswered, "jumpserver: "+op+" was answered, but it could not be read back what is left", err)
	e.RetryAfter = leastLate
	return e
}

// park puts the ids aside on JumpServer. It returns the key for them, and those of them that are due to be deleted
// as they are now. Only if they all are, exactly these hosts stand under the key; less are due where hosts have gone
// since they were read, or still left some out.
func (r removal) park(ctx context.Context, ids []string) (spm string, due []string, err error) {
	op := fmt.Sprintf("park %d hosts for deletion", len(ids))
	doubt := func(what string) error {
		return fault(inventory.Incomplete, "jumpserver: "+op+": "+what+"; nothing was deleted", nil)
	}
	var answer struct{ SPM string }
	if err := r.c.do(ctx, call{op: op, method: http.MethodPost, path: apiCache, body: map[string][]string{"resources": ids}, read: decode(&answer)}); err != nil {
		return "", nil, err
	}
	if !isUUID(answer.SPM) {
		return "", nil, doubt("the answer holds no spm")
	}
	under, err := r.c.parked(ctx, answer.SPM, len(ids))
	if err != nil {
		return "", nil, err
	}
	missing := ids
	for _, a := range under {
		if !slices.Contains(ids, a.ID) {
			return "", nil, doubt(a.ID + " stands among them, which was not asked for")
		}
		missing = slices.DeleteFunc(slices.Clone(missing), func(id string) bool { return id == a.ID })
	}
	there, err := r.c.existingIDs(ctx, missing)
	if err != nil {
		return "", nil, err
	}
	if len(there) > 0 {
		return "", nil, doubt("JumpServer does not list " + there[0] + " among them")
	}
	for _, a := range under {
		if r.still == nil || r.still(a) {
			due = append(due, a.ID)
		}
	}
	return answer.SPM, due, nil
}

// parked reads the hosts under an spm, at most so many, with all fields.
func (c *Client) parked(ctx context.Context, spm string, most int) ([]inventory.Asset, error) {
	f, err := c.proven(ctx)
	if err != nil {
		return nil, err
	}
	r := &rows{org: c.org, what: "list the parked hosts"}
	assets, _, err := c.withZone(ctx, f, func(f *facts) ([]inventory.Asset, error) {
		return readAll(ctx, c, list[inventory.Asset, hostRow]{
			op: r.what, path: apiHosts, query: byName + "fields=" + hostFields(f.zone) + "&spm=" + spm,
			limit: most, most: most, turn: r.asset, id: assetID,
		})
	})
	c.tellZone(r.field)
	return assets, err
}

// existingIDs gives those of the ids whose host exists in this organisation.
func (c *Client) existingIDs(ctx context.Context, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if _, err := c.proven(ctx); err != nil {
		return nil, err
	}
	var found []string
	for part := range slices.Chunk(ids, idsPerURL) {
		some, err := c.ids(ctx, "look for hosts by id", "ids="+strings.Join(part, "%2C"), len(part))
		if err != nil {
			return nil, err
		}
		for _, id := range some {
			if !slices.Contains(part, id) {
				return nil, fault(inventory.Incomplete, "jumpserver: look for hosts by id: "+id+" came, which was not asked for", nil)
			}
		}
		found = append(found, some...)
	}
	return found, nil
}

// ids reads the ids of the hosts that a filter matches, expecting at most so many.
func (c *Client) ids(ctx context.Context, op, filter string, limit int) ([]string, error) {
	r := &rows{org: c.org, what: op}
	return readAll(ctx, c, list[string, hostRow]{
		op: op, path: apiHosts, query: byName + "fields=id,org_id&" + filter, limit: limit, most: limit,
		id: func(id string) string { return id },
		turn: func(row *hostRow) (string, error) {
			return strings.ToLower(row.ID), r.belongs(row.ID, row.OrgID)
		},
	})
}

const deleteQuery = apiHosts + "?spm="

// deletePath is the one place where the address of a DELETE is made.
func deletePath(spm string) (string, error) {
	path := deleteQuery + spm
	if !provenDelete(path) {
		return "", fault(inventory.Incomplete, "jumpserver: an spm that is not a UUID; nothing was deleted", nil)
	}
	return path, nil
}

// provenDelete reports whether a path may be sent with DELETE: hosts by an spm, one row of the label page by its
// id (see RemoveLabelRow), and nothing else.
func provenDelete(path string) bool {
	spm, ok := strings.CutPrefix(path, deleteQuery)
	return ok && isUUID(spm) || isLabelRow(path)
}
