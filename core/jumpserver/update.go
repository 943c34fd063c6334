package jumpserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Update makes these changes, in lists of at most UpdateBatchSize rows. The answer has one entry for
// each: nil if the host now is as asked. A row with protocols is sent by itself: every form of a list in
// JumpServer loses them. A list is all or nothing there, so a refused one is cut in halves, in
// order, down to single rows: one bad row never stops the others. Before each request but the first, stillDue
// returns which of its rows (indexes of patches) are still to be written; nil means all of them. The entry of a row
// that it leaves out is nil.
//
// A host that is gone is NotFound, a taken name NameTaken; a refused value, a
// row that is missing in the answer, and a field that stayed as it was are Invalid. Unanswered means
// that the row may have been written, or still be. Where nothing
// more can succeed (credentials, rights, time, too many requests), all the rest fails with that
// error without further calls.
//
// Rows are sent in the given order, but JumpServer checks the names of a list against what
// was there before: hosts that pass a name on must be ordered so that it is free when taken.
func (c *Client) Update(ctx context.Context, patches []inventory.Patch, stillDue func(rows []int) []int) []error {
	u := &updateRun{c: c, patches: patches, errs: make([]error, len(patches)), stillDue: stillDue, readAt: c.now()}
	var rows []int
	taken := map[string]bool{}
	most := 0
	for i, p := range patches {
		u.errs[i] = c.validatePatch(ctx, p)
		if u.errs[i] != nil || isEmptyPatch(p) {
			continue
		}
		if p.Protocols != nil {
			u.sendRows(ctx, rows)
			u.sendRows(ctx, []int{i})
			rows, most = nil, 0
			clear(taken)
			continue
		}
		id := strings.ToLower(p.ID)
		if len(rows) == most || taken[id] { // two rows of one host are never in one list
			u.sendRows(ctx, rows)
			rows = nil
			clear(taken)
			most = c.UpdateBatchSize(ctx, p.Labels != nil)
		}
		rows = append(rows, i)
		taken[id] = true
	}
	u.sendRows(ctx, rows)
	return u.errs
}

// updateRun is one call of Update.
type updateRun struct {
	c         *Client
	patches   []inventory.Patch
	errs      []error
	stillDue  func(rows []int) []int
	hasSent   bool      // a request was sent
	readAt    time.Time // when the caller read the hosts of the next request
	stopCause error     // why nothing more is sent
	failures  int       // weight of the failures since the last success, see recordFailure
}

// sendRows sends these rows, in halves where they are refused together.
func (u *updateRun) sendRows(ctx context.Context, rows []int) {
	err := u.stopCause
	if err == nil && u.hasSent && u.stillDue != nil && len(rows) > 0 {
		rows = u.stillDue(rows)
		u.readAt = u.c.now()
	}
	if len(rows) == 0 {
		return
	}
	if err == nil {
		u.hasSent = true
		err = u.patchRows(ctx, rows)
		u.recordFailure(err, len(rows))
		u.c.shrinkLists(err, len(rows))
	}
	if err == nil {
		return
	}
	if !isDivisible(err) || u.stopCause != nil || len(rows) == 1 {
		for _, i := range rows {
			if u.errs[i] == nil {
				u.errs[i] = err
			}
		}
		return
	}
	u.sendRows(ctx, rows[:len(rows)/2])
	u.sendRows(ctx, rows[len(rows)/2:])
}

// shrinkLists records that a list was too large for something in front of JumpServer, so that the next
// ones are shorter.
func (c *Client) shrinkLists(err error, rows int) {
	if inventory.AdviceOf(err) == inventory.TooLarge && rows > 1 {
		c.maxListRows.Store(int64(rows / 2))
	}
}

// isDivisible reports whether a list was refused for the content of a row, so that other rows may be accepted.
func isDivisible(err error) bool {
	r := asAPIError(err)
	return r != nil && r.status <= http.StatusInternalServerError && inventory.KindOf(err) != inventory.Unanswered
}

// recordFailure decides whether an error ends the whole update. That is so after two requests in a row that did not reach
// the server or got no answer, after six failures of single rows in a row, and where something in front of JumpServer
// refuses everything.
func (u *updateRun) recordFailure(err error, rows int) {
	switch inventory.KindOf(err) {
	case inventory.BadCredentials, inventory.Denied, inventory.Throttled, inventory.Deadline, inventory.Organisation:
		u.stopCause = err
	case inventory.Unanswered:
		u.failures += 3
		if inventory.IsPermanentFront(errors.Unwrap(err)) {
			u.stopCause = errors.Unwrap(err)
		}
	case inventory.Temporary, inventory.Front:
		r := asAPIError(err)
		switch {
		case errors.Is(err, inventory.ErrStaleRead): // nothing was sent
		case inventory.IsPermanentFront(err):
			u.stopCause = err
		case inventory.IsTransient(err) && (r == nil || r.status != http.StatusInternalServerError):
			u.failures += 3
		case rows == 1:
			u.failures++ // a list may fail like this for one bad row
		}
	case "":
		u.failures = 0
	}
	if u.failures >= 6 {
		u.stopCause = unsentError(err)
	}
}

// unsentError returns the error of rows that are not sent because earlier ones had no answer.
func unsentError(err error) error {
	if inventory.KindOf(err) != inventory.Unanswered {
		return err
	}
	kind := inventory.Temporary
	if inventory.KindOf(errors.Unwrap(err)) == inventory.Front {
		kind = inventory.Front
	}
	e := newError(kind, "jumpserver: not sent, as JumpServer did not answer before", err)
	e.Advice = inventory.AdviceOf(err)
	return e
}

// patchRows sends the rows in one request. The error is that of the whole request; those of
// single rows go to u.errs.
func (u *updateRun) patchRows(ctx context.Context, rows []int) error {
	f, err := u.c.verifiedFacts(ctx)
	if err != nil {
		return err
	}
	zone, err := u.zoneFieldFor(ctx, f, rows)
	if err != nil {
		return err
	}
	if len(rows) == 1 {
		return u.patchOne(ctx, f, zone, rows[0])
	}
	op := fmt.Sprintf("update %d hosts", len(rows))
	body := make([]map[string]any, len(rows))
	for n, i := range rows {
		body[n] = u.c.patchBody(f, zone, u.patches[i])
		body[n]["id"] = u.patches[i].ID
	}
	var got map[string]*hostRow
	q := u.newCall(op, apiHosts, body, rows)
	q.noRetryOn500, q.read = true, func(d *json.Decoder) error {
		got = make(map[string]*hostRow, len(rows))
		err := decodeRows(d, func(row *hostRow) error {
			got[strings.ToLower(row.ID)] = row
			return nil
		})
		if errors.Is(err, errNotPage) && len(got) == 0 {
			return errForeignAnswer // no list
		}
		return err
	}
	err = u.c.doCall(ctx, q)
	if err != nil {
		return err
	}
	for _, i := range rows {
		p := u.patches[i]
		row, ok := got[strings.ToLower(p.ID)]
		if !ok {
			u.errs[i] = newInvalidError("update host "+p.ID, "JumpServer took the request and skipped this host in silence")
			continue
		}
		u.compareRow("update host "+p.ID, i, row)
	}
	return nil
}

// zoneFieldFor returns the zone field's name if one of the rows has a zone, otherwise "" without asking for it.
func (u *updateRun) zoneFieldFor(ctx context.Context, f *facts, rows []int) (string, error) {
	if !slices.ContainsFunc(rows, func(i int) bool { return u.patches[i].Zone != nil }) {
		return "", nil
	}
	return u.c.zoneFieldName(ctx, f)
}

// newCall returns the request that writes these rows. What may take access away, or people's labels, is sent once:
// even after an answer that says that nothing was changed, the assets are read again first; so they are if the request
// had to wait for its turn.
func (u *updateRun) newCall(op, path string, body any, rows []int) apiCall {
	q := apiCall{op: op, method: http.MethodPatch, path: path, body: body, size: writeSize{plainPatches, len(rows)}}
	for _, i := range rows {
		if u.patches[i].Labels != nil {
			q.size.kind = labelPatches
		}
		q.noRetry = q.noRetry || mustBeFresh(u.patches[i])
	}
	if q.noRetry {
		q.precondition = u.c.freshnessCheck(op, u.readAt)
	}
	return q
}

// mustBeFresh reports whether a patch may take access away, or replaces a list to which people add: it is sent only right
// after its asset was read.
func mustBeFresh(p inventory.Patch) bool {
	return p.Labels != nil || p.Active != nil || p.NodeIDs != nil || p.Protocols != nil
}

// maxReadAge is how long after its assets were read a write may be sent: some requests and pauses take less, a
// wait after a 429 takes more.
const maxReadAge = 10 * time.Second

// freshnessCheck returns a precondition by which a write is sent only if its assets were read recently.
func (c *Client) freshnessCheck(op string, read time.Time) func() error {
	return func() error {
		if c.now().Sub(read) <= maxReadAge {
			return nil
		}
		return newError(inventory.Temporary, "jumpserver: "+op+": not sent", inventory.ErrStaleRead)
	}
}

// patchOne sends one row, to the host's own path.
func (u *updateRun) patchOne(ctx context.Context, f *facts, zone string, i int) error {
	p := u.patches[i]
	op := "update host " + p.ID
	name := ""
	if p.Name != nil {
		name = *p.Name
	}
	var row hostRow
	q := u.newCall(op, apiHosts+strings.ToLower(p.ID)+"/", u.c.patchBody(f, zone, p), []int{i})
	q.read = decodeInto(&row, "id")
	q.onFirst500 = func(ctx context.Context) error {
		return u.c.explainServerError(ctx, op, p.ID, name, labelTexts(p.Labels)...)
	}
	err := u.c.doCall(ctx, q)
	if asAPIError(err).isUnknownLabel() {
		u.c.labelIDs.dropLabels(p.Labels)
		return labelGoneError(op)
	}
	if refusal := asBadRequest(err); refusal != nil {
		if refusal.isOutdatedPlatform() {
			u.c.forgetFacts() // somebody made the platform again
		}
		return createError(op, name, err, refusal)
	}
	if err != nil {
		return err
	}
	u.compareRow(op, i, &row)
	return nil
}

func (u *updateRun) compareRow(op string, i int, row *hostRow) {
	u.errs[i] = u.c.verifyPatched(op, u.patches[i], row)
	if inventory.KindOf(u.errs[i]) == inventory.Organisation {
		u.stopCause = u.errs[i]
	}
}
