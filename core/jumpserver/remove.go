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

// Remove deletes hosts for good, in lists of at most RemoveBatchSize. The answer has one entry for
// each id: nil if the host is gone, also if it was gone before. Without ids it makes no call. Unanswered means that
// the host is still there but may yet be deleted; nothing is sent twice for it.
//
// JumpServer deletes what a filter matches, and without a filter the only host that it has.
// So the ids of existing hosts are parked (POST /common/resources/cache/ answers an spm), the
// spm must be a UUID, the hosts listed under it must be exactly these, and only then are they
// deleted by it. Since JumpServer answers 204 for an expired spm, the hosts are read back
// afterwards. On any doubt (a malformed spm, another host under it, an incomplete list) nothing is deleted,
// and this list and all later ones fail with kind Incomplete; any other error stops them too.
//
// JumpServer has no way to delete only what is unchanged. So the list under the spm, the last request before the
// DELETE, reads the hosts with all fields, and isDue decides for each whether it is to be deleted as it is now; nil
// means all of them. If it leaves one out, nothing is deleted by this spm: the others are parked again, and the
// entry of that one is nil.
func (c *Client) Remove(ctx context.Context, ids []string, isDue func(now inventory.Asset) bool) []error {
	errs := make([]error, len(ids))
	var valid []string
	for i, id := range ids {
		if !isUUID(id) {
			errs[i] = newInvalidError("remove hosts", "%s is not a UUID", quote(id))
			continue
		}
		valid = append(valid, id)
	}
	r := removeRun{c: c, isDue: isDue, remaining: map[string]error{}}
	var stopped error
	for rest := dedupe(valid); len(rest) > 0; {
		batch := rest[:min(len(rest), c.RemoveBatchSize(ctx))]
		rest = rest[len(batch):]
		if stopped == nil {
			stopped = r.removeBatch(ctx, batch)
			continue
		}
		_ = r.failAll(batch, unsentError(stopped))
	}
	for i, id := range ids {
		if errs[i] == nil {
			errs[i] = r.remaining[strings.ToLower(id)]
		}
	}
	return errs
}

// removeRun is one call of Remove.
type removeRun struct {
	c         *Client
	isDue     func(inventory.Asset) bool
	remaining map[string]error // the hosts that are not gone though they should be, each with its error
}

func (r removeRun) failAll(ids []string, err error) error {
	for _, id := range ids {
		r.remaining[id] = err
	}
	return err
}

// removeBatch adds the hosts that are not gone to remaining, each with its error, and returns the
// error that stops the removal as a whole.
func (r removeRun) removeBatch(ctx context.Context, batch []string) error {
	present, err := r.c.findExistingIDs(ctx, batch)
	if err != nil {
		return r.failAll(batch, err)
	}
	if len(present) == 0 {
		return nil
	}
	begun := r.c.now() // before the hosts are read for the last time
	spm, due, err := r.parkIDs(ctx, present)
	if half := len(present) / 2; half > 0 && inventory.AdviceOf(err) == inventory.TooLarge {
		if err := r.removeBatch(ctx, present[:half]); err != nil {
			return r.failAll(present[half:], err)
		}
		return r.removeBatch(ctx, present[half:])
	}
	if err != nil {
		return r.failAll(present, err)
	}
	if len(due) < len(present) {
		return r.removeBatch(ctx, due)
	}
	return r.deleteParked(ctx, spm, present, begun)
}

// deleteParked deletes the hosts that are parked under an spm, and reads back what happened to them.
func (r removeRun) deleteParked(ctx context.Context, spm string, ids []string, begun time.Time) error {
	path, err := deletePath(spm)
	if err != nil {
		return r.failAll(ids, err)
	}
	op := fmt.Sprintf("delete %d hosts", len(ids))
	failed := r.c.doCall(ctx, apiCall{op: op, method: http.MethodDelete, path: path, noRetry: true, precondition: r.c.freshnessCheck(op, begun), size: writeSize{deletions, len(ids)}})
	// What happened to them counts, not the answer.
	undeleted, err := r.c.findExistingIDs(ctx, ids)
	if err != nil {
		if failed == nil {
			failed = r.c.unverifiedError(op, err)
		}
		return r.failAll(ids, failed)
	}
	if len(undeleted) == 0 {
		return nil
	}
	if failed == nil {
		failed = newError(inventory.Incomplete, "jumpserver: "+op+": JumpServer answered that it was done, but the host is still there", nil)
	}
	return r.failAll(undeleted, failed)
}

// unverifiedError returns the error of a removal that was answered, and could not be read back.
func (c *Client) unverifiedError(op string, err error) error {
	e := newError(inventory.Unanswered, "jumpserver: "+op+" was answered, but it could not be read back what is left", err)
	e.RetryAfter = minLateTime
	return e
}

// parkIDs parks the ids on JumpServer. It returns the spm under which they are, and those that are due to be deleted
// as they are now. Only if all are due, exactly these hosts are under the spm; fewer are due where hosts have gone
// since they were read, or isDue left some out.
func (r removeRun) parkIDs(ctx context.Context, ids []string) (spm string, due []string, err error) {
	op := fmt.Sprintf("park %d hosts for deletion", len(ids))
	doubt := func(what string) error {
		return newError(inventory.Incomplete, "jumpserver: "+op+": "+what+"; nothing was deleted", nil)
	}
	var answer struct{ SPM string }
	if err := r.c.doCall(ctx, apiCall{op: op, method: http.MethodPost, path: apiCache, body: map[string][]string{"resources": ids}, read: decodeInto(&answer)}); err != nil {
		return "", nil, err
	}
	if !isUUID(answer.SPM) {
		return "", nil, doubt("the answer holds no spm")
	}
	under, err := r.c.readParked(ctx, answer.SPM, len(ids))
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
	unlisted, err := r.c.findExistingIDs(ctx, missing)
	if err != nil {
		return "", nil, err
	}
	if len(unlisted) > 0 {
		return "", nil, doubt("JumpServer does not list " + unlisted[0] + " among them")
	}
	for _, a := range under {
		if r.isDue == nil || r.isDue(a) {
			due = append(due, a.ID)
		}
	}
	return answer.SPM, due, nil
}

// readParked returns the hosts under an spm, at most most, with all fields.
func (c *Client) readParked(ctx context.Context, spm string, most int) ([]inventory.Asset, error) {
	f, err := c.verifiedFacts(ctx)
	if err != nil {
		return nil, err
	}
	r := &rowConverter{org: c.orgID, operation: "list the parked hosts"}
	assets, _, err := c.readWithZone(ctx, f, func(f *facts) ([]inventory.Asset, error) {
		return readAll(ctx, c, listRequest[inventory.Asset, hostRow]{
			op: r.operation, path: apiHosts, query: orderByName + "fields=" + c.hostFields(f.zoneField) + "&spm=" + spm,
			limit: most, maxMatches: most, convert: r.convert, id: assetID,
		})
	})
	c.rememberZoneField(r.zoneField)
	return assets, err
}

// findExistingIDs returns the ids whose host exists in this organisation.
func (c *Client) findExistingIDs(ctx context.Context, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if _, err := c.verifiedFacts(ctx); err != nil {
		return nil, err
	}
	var found []string
	for part := range slices.Chunk(ids, maxIDsPerURL) {
		some, err := c.readIDs(ctx, "look for hosts by id", "ids="+strings.Join(part, "%2C"), len(part))
		if err != nil {
			return nil, err
		}
		for _, id := range some {
			if !slices.Contains(part, id) {
				return nil, newError(inventory.Incomplete, "jumpserver: look for hosts by id: "+id+" came, which was not asked for", nil)
			}
		}
		found = append(found, some...)
	}
	return found, nil
}

// readIDs returns the ids of the hosts that match a filter; more than limit are an error.
func (c *Client) readIDs(ctx context.Context, op, filter string, limit int) ([]string, error) {
	r := &rowConverter{org: c.orgID, operation: op}
	return readAll(ctx, c, listRequest[string, hostRow]{
		op: op, path: apiHosts, query: orderByName + "fields=id,org_id&" + filter, limit: limit, maxMatches: limit,
		id: func(id string) string { return id },
		convert: func(row *hostRow) (string, error) {
			return strings.ToLower(row.ID), r.validateRow(row.ID, row.OrgID)
		},
	})
}

const deletePathPrefix = apiHosts + "?spm="

// deletePath returns the path of a DELETE of hosts. No other code makes one.
func deletePath(spm string) (string, error) {
	path := deletePathPrefix + spm
	if !isSafeDelete(path) {
		return "", newError(inventory.Incomplete, "jumpserver: an spm that is not a UUID; nothing was deleted", nil)
	}
	return path, nil
}

// isSafeDelete reports whether a path may be sent with DELETE: hosts by an spm, one row of the label page by its
// id (see DeleteLabelRow), and nothing else.
func isSafeDelete(path string) bool {
	spm, ok := strings.CutPrefix(path, deletePathPrefix)
	return ok && isUUID(spm) || isLabelRowPath(path)
}
