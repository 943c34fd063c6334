package jumpserver

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

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
func (c *Client) Remove(ctx context.Context, ids []string) []error {
	errs := make([]error, len(ids))
	var valid []string
	for i, id := range ids {
		if !isUUID(id) {
			errs[i] = invalid("remove hosts", "%s is not a UUID", quote(id))
			continue
		}
		valid = append(valid, id)
	}
	left := map[string]error{}
	var stopped error
	for rest := distinct(valid); len(rest) > 0; {
		batch := rest[:min(len(rest), c.RemoveBatch(ctx))]
		rest = rest[len(batch):]
		if stopped == nil {
			stopped = c.removeBatch(ctx, batch, left)
			continue
		}
		for _, id := range batch {
			left[id] = unsent(stopped)
		}
	}
	for i, id := range ids {
		if errs[i] == nil {
			errs[i] = left[strings.ToLower(id)]
		}
	}
	return errs
}

// removeBatch puts the hosts that are not gone into left, each with its error, and gives the
// error that stops the removal as a whole.
func (c *Client) removeBatch(ctx context.Context, batch []string, left map[string]error) error {
	stop := func(ids []string, err error) error {
		for _, id := range ids {
			left[id] = err
		}
		return err
	}
	begun := c.now()
	present, err := c.existingIDs(ctx, batch)
	if err != nil {
		return stop(batch, err)
	}
	if len(present) == 0 {
		return nil
	}
	spm, err := c.park(ctx, present)
	if half := len(present) / 2; half > 0 && inventory.AdviceOf(err) == inventory.TooLarge {
		if err := c.removeBatch(ctx, present[:half], left); err != nil {
			return stop(present[half:], err)
		}
		return c.removeBatch(ctx, present[half:], left)
	}
	if err != nil {
		return stop(present, err)
	}
	path, err := deletePath(spm)
	if err != nil {
		return stop(present, err)
	}
	op := fmt.Sprintf("delete %d hosts", len(present))
	failed := c.do(ctx, call{op: op, method: http.MethodDelete, path: path, once: true, still: c.stillFresh(op, begun), effort: effort{deletions, len(present)}})
	// What became of them counts, not what was answered.
	still, err := c.existingIDs(ctx, present)
	if err != nil {
		if failed == nil {
			failed = c.unproven(op, err)
		}
		return stop(present, failed)
	}
	if len(still) == 0 {
		return nil
	}
	if failed == nil {
		failed = fault(inventory.Incomplete, "jumpserver: "+op+": JumpServer answered that it was done, but the host is still there", nil)
	}
	return stop(still, failed)
}

// unproven is the error of a removal that was answered, and could not be read back.
func (c *Client) unproven(op string, err error) error {
	e := fault(inventory.Unanswered, "jumpserver: "+op+" was answered, but it could not be read back what is left", err)
	e.RetryAfter = leastLate
	return e
}

// park puts the ids aside on JumpServer and gives the key for them, after it was proved that
// exactly these hosts stand under it, less those that have gone since they were read.
func (c *Client) park(ctx context.Context, ids []string) (spm string, err error) {
	op := fmt.Sprintf("park %d hosts for deletion", len(ids))
	var answer struct{ SPM string }
	if err := c.do(ctx, call{op: op, method: http.MethodPost, path: apiCache, body: map[string][]string{"resources": ids}, read: decode(&answer)}); err != nil {
		return "", err
	}
	if !isUUID(answer.SPM) {
		return "", fault(inventory.Incomplete, "jumpserver: "+op+": the answer holds no spm; nothing was deleted", nil)
	}
	under, err := c.ids(ctx, "list the parked hosts", "spm="+answer.SPM, len(ids))
	if err != nil {
		return "", err
	}
	for _, id := range under {
		if !slices.Contains(ids, id) {
			return "", fault(inventory.Incomplete, "jumpserver: "+op+": "+id+" stands among them, which was not asked for; nothing was deleted", nil)
		}
	}
	missing := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(under, id) })
	still, err := c.existingIDs(ctx, missing)
	if err != nil {
		return "", err
	}
	if len(still) > 0 {
		return "", fault(inventory.Incomplete, "jumpserver: "+op+": JumpServer does not list "+still[0]+" among them; nothing was deleted", nil)
	}
	return answer.SPM, nil
}

// existingIDs gives those of the ids whose host exists in this organisation.
func (c *Client) existingIDs(ctx context.Context, ids []string) ([]string, error) {
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
