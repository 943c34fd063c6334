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

// Update makes these changes, in lists of at most UpdateBatch rows; the answer has one entry for
// each, nil where the host now is as asked. No row names protocols: every list form
// of JumpServer loses them. A list is all or nothing there, so a refused one is cut in halves, in
// order, down to single rows: one bad row never stops the others. Before each request but the first still
// is asked which of its rows (places in patches) are to be written even now; nil means all of them. Of a row
// that it leaves out the entry is nil.
//
// A host that is gone is NotFound, a name that is taken NameTaken, a value that is refused, a
// row that JumpServer left out of its answer, or a field that it kept as it was is Invalid. Unanswered means
// that the row may have been written, or still be. Where nothing
// more can succeed (credentials, rights, time, too many requests), all the rest fails with that
// error without further calls.
//
// Rows are sent in the given order, but JumpServer checks the names of a list against what
// was there before: hosts that pass a name on must be ordered so that it is free when taken.
func (c *Client) Update(ctx context.Context, patches []inventory.Patch, still func(rows []int) []int) []error {
	u := &update{c: c, patches: patches, errs: make([]error, len(patches)), still: still, read: c.now()}
	var rows []int
	taken := map[string]bool{}
	most := 0
	for i, p := range patches {
		if u.errs[i] = checkPatch(p); u.errs[i] != nil || empty(p) {
			continue
		}
		id := strings.ToLower(p.ID)
		if len(rows) == most || taken[id] { // two rows of one host never meet in one list
			u.send(ctx, rows)
			rows = nil
			clear(taken)
			most = c.UpdateBatch(ctx, p.Labels != nil)
		}
		rows = append(rows, i)
		taken[id] = true
	}
	u.send(ctx, rows)
	return u.errs
}

// update is one call of Update.
type update struct {
	c       *Client
	patches []inventory.Patch
	errs    []error
	still   func(rows []int) []int
	begun   bool      // a request was sent
	read    time.Time // when the caller has read the hosts of the next request
	stopped error     // why nothing more is sent
	failed  int       // weighs the failures since the last success, see judge
}

// send sends these rows, in halves where they are refused together.
func (u *update) send(ctx context.Context, rows []int) {
	err := u.stopped
	if err == nil && u.begun && u.still != nil && len(rows) > 0 {
		rows = u.still(rows)
		u.read = u.c.now()
	}
	if len(rows) == 0 {
		return
	}
	if err == nil {
		u.begun = true
		err = u.patch(ctx, rows)
		u.judge(err, len(rows))
		u.c.refusedList(err, len(rows))
	}
	if err == nil {
		return
	}
	if !divisible(err) || u.stopped != nil || len(rows) == 1 {
		for _, i := range rows {
			if u.errs[i] == nil {
				u.errs[i] = err
			}
		}
		return
	}
	u.send(ctx, rows[:len(rows)/2])
	u.send(ctx, rows[len(rows)/2:])
}

// refusedList remembers that a list was too large for something in front of JumpServer, so that the next
// ones are shorter.
func (c *Client) refusedList(err error, rows int) {
	if inventory.AdviceOf(err) == inventory.TooLarge && rows > 1 {
		c.most.Store(int64(rows / 2))
	}
}

// divisible reports whether a list was refused for what a row of it says, so that others may be taken.
func divisible(err error) bool {
	r := refused(err)
	return r != nil && r.status <= http.StatusInternalServerError && inventory.KindOf(err) != inventory.Unanswered
}

// judge decides whether an error ends the whole update. A server that cannot be reached, or does not answer,
// twice in a row, or fails at six single rows in a row, is left alone. So is something in front of it that refuses
// six single rows in a row, or everything.
func (u *update) judge(err error, rows int) {
	switch inventory.KindOf(err) {
	case inventory.BadCredentials, inventory.Denied, inventory.Throttled, inventory.Deadline, inventory.Organisation:
		u.stopped = err
	case inventory.Unanswered:
		u.failed += 3
		if inventory.Hopeless(errors.Unwrap(err)) {
			u.stopped = errors.Unwrap(err)
		}
	case inventory.Temporary, inventory.Front:
		switch r := refused(err); {
		case errors.Is(err, inventory.ErrReadAgain): // it was not sent
		case inventory.Hopeless(err):
			u.stopped = err
		case inventory.Passing(err) && (r == nil || r.status != http.StatusInternalServerError):
			u.failed += 3
		case rows == 1:
			u.failed++ // a list is answered so for one bad row
		}
	case "":
		u.failed = 0
	}
	if u.failed >= 6 {
		u.stopped = unsent(err)
	}
}

// unsent is the error of rows that are not sent because others had no answer.
func unsent(err error) error {
	if inventory.KindOf(err) != inventory.Unanswered {
		return err
	}
	kind := inventory.Temporary
	if inventory.KindOf(errors.Unwrap(err)) == inventory.Front {
		kind = inventory.Front
	}
	e := fault(kind, "jumpserver: not sent, as JumpServer did not answer before", err)
	e.Advice = inventory.AdviceOf(err)
	return e
}

// patch sends the rows in one request. The error is of the request as a whole; what concerns
// single rows goes to u.errs.
func (u *update) patch(ctx context.Context, rows []int) error {
	f, err := u.c.proven(ctx)
	if err != nil {
		return err
	}
	zone, err := u.zoneName(ctx, f, rows)
	if err != nil {
		return err
	}
	if len(rows) == 1 {
		return u.one(ctx, zone, rows[0])
	}
	op := fmt.Sprintf("update %d hosts", len(rows))
	body := make([]map[string]any, len(rows))
	for n, i := range rows {
		body[n] = u.c.patchBody(zone, u.patches[i])
		body[n]["id"] = u.patches[i].ID
	}
	var got map[string]*hostRow
	q := u.call(op, apiHosts, body, rows)
	q.hasty, q.read = true, func(d *json.Decoder) error {
		got = make(map[string]*hostRow, len(rows))
		err := decodeRows(d, func(row *hostRow) error {
			got[strings.ToLower(row.ID)] = row
			return nil
		})
		if errors.Is(err, errPage) && len(got) == 0 {
			return errForeign // no list
		}
		return err
	}
	if err = u.c.do(ctx, q); err != nil {
		return err
	}
	for _, i := range rows {
		p := u.patches[i]
		row, ok := got[strings.ToLower(p.ID)]
		if !ok {
			u.errs[i] = invalid("update host "+p.ID, "JumpServer took the request and skipped this host in silence")
			continue
		}
		u.compare("update host "+p.ID, i, row)
	}
	return nil
}

// zoneName returns the zone field's name if one of the rows has a zone, and "" else: then nobody asks for it.
func (u *update) zoneName(ctx context.Context, f *facts, rows []int) (string, error) {
	if !slices.ContainsFunc(rows, func(i int) bool { return u.patches[i].Zone != nil }) {
		return "", nil
	}
	return u.c.zoneName(ctx, f)
}

// call is the request that writes these rows. What may take access away, or people's labels, is sent once:
// even after an answer that says that nothing was changed, the assets are read again first. So they are where it
// had to wait for its turn.
func (u *update) call(op, path string, body any, rows []int) call {
	q := call{op: op, method: http.MethodPatch, path: path, body: body, effort: effort{plainRows, len(rows)}}
	for _, i := range rows {
		if u.patches[i].Labels != nil {
			q.effort.kind = labelRows
		}
		q.once = q.once || u.patches[i].Labels != nil || u.patches[i].Active != nil
	}
	if q.once {
		q.still = u.c.stillFresh(op, u.read)
	}
	return q
}

// freshFor is how long after its assets were read a write may leave: some requests and pauses take less, a
// wait after a 429 takes more.
const freshFor = 10 * time.Second

// stillFresh lets a write leave only if its assets were read not long ago.
func (c *Client) stillFresh(op string, read time.Time) func() error {
	return func() error {
		if c.now().Sub(read) <= freshFor {
			return nil
		}
		return fault(inventory.Temporary, "jumpserver: "+op+": not sent", inventory.ErrReadAgain)
	}
}

// one sends a row alone, by the host's own path.
func (u *update) one(ctx context.Context, zone string, i int) error {
	p := u.patches[i]
	op := "update host " + p.ID
	name := ""
	if p.Name != nil {
		name = *p.Name
	}
	var row hostRow
	q := u.call(op, apiHosts+strings.ToLower(p.ID)+"/", u.c.patchBody(zone, p), []int{i})
	q.read = decode(&row, "id")
	q.crashed = func(ctx context.Context) error { return u.c.whyCrashed(ctx, op, p.ID, name, labelTexts(p.Labels)...) }
	err := u.c.do(ctx, q)
	if refused(err).noLabel() {
		u.c.labels.forget(p.Labels)
		return labelGone(op)
	}
	if said := badRequest(err); said != nil {
		return refusedHost(op, name, err, said)
	}
	if err != nil {
		return err
	}
	u.compare(op, i, &row)
	return nil
}

func (u *update) compare(op string, i int, row *hostRow) {
	u.errs[i] = u.c.compare(op, u.patches[i], row)
	if inventory.KindOf(u.errs[i]) == inventory.Organisation {
		u.stopped = u.errs[i]
	}
}

func (c *Client) patchBody(zone string, p inventory.Patch) map[string]any {
	body := map[string]any{}
	if p.Name != nil {
		body["name"] = *p.Name
	}
	if p.Address != nil {
		body["address"] = *p.Address
	}
	if p.Active != nil {
		body["is_active"] = *p.Active
	}
	if p.Comment != nil {
		body["comment"] = *p.Comment
	}
	if p.Labels != nil {
		body["labels"] = c.labels.bodies(p.Labels)
	}
	if p.Zone != nil {
		body[zone] = nil
		if *p.Zone != "" {
			body[zone] = *p.Zone
		}
	}
	return body
}

func checkPatch(p inventory.Patch) error {
	op := "update host " + p.ID
	if !isUUID(p.ID) {
		return invalid("update host", "the id %s is not a UUID", quote(p.ID))
	}
	return checkFields(op, p)
}

func empty(p inventory.Patch) bool {
	return p.Name == nil && p.Address == nil && p.Zone == nil && p.Active == nil && p.Comment == nil && p.Labels == nil
}

var errKept = errors.New("JumpServer took the request and kept something else")

// compare checks that the host in the answer is of this organisation and as was asked.
func (c *Client) compare(op string, want inventory.Patch, row *hostRow) error {
	if row.OrgID != "" && !strings.EqualFold(row.OrgID, c.org) {
		// The key lost its organisation since that was proved: JumpServer writes to DEFAULT then.
		return fault(inventory.Organisation, "jumpserver: "+op+": the host is of organisation "+quote(row.OrgID)+", but "+c.org+" is configured", nil)
	}
	kept := differences(want, row)
	if len(kept) == 0 {
		return nil
	}
	return fault(inventory.Invalid, "jumpserver: "+op+": "+strings.Join(kept, ", "), errKept)
}

func differences(want inventory.Patch, row *hostRow) []string {
	var kept []string
	differ := func(field string, wanted *string, got string) {
		if wanted != nil && *wanted != got {
			kept = append(kept, fmt.Sprintf("%s %s instead of %s", field, quote(got), quote(*wanted)))
		}
	}
	address := ""
	if row.Address != nil {
		address = *row.Address
	}
	id := strings.ToLower(want.ID)
	differ("id", &id, strings.ToLower(row.ID))
	differ("name", want.Name, row.Name)
	differ("address", want.Address, address)
	if want.Zone != nil {
		zone := strings.ToLower(*want.Zone)
		differ("zone", &zone, strings.ToLower(row.zone().id))
	}
	if want.Comment != nil && strings.TrimSpace(*want.Comment) != strings.TrimSpace(row.Comment) { // it takes the spaces off both ends
		kept = append(kept, "another comment")
	}
	if want.Active != nil && (row.Active == nil || *row.Active != *want.Active) {
		kept = append(kept, fmt.Sprintf("is_active %t", !*want.Active))
	}
	if want.Labels != nil && !sameLabels(want.Labels, row.labels()) {
		kept = append(kept, fmt.Sprintf("labels %q instead of %q", labelTexts(row.labels()), labelTexts(want.Labels)))
	}
	return kept
}

func (r *hostRow) labels() []inventory.Label {
	if r.Labels == nil {
		return nil
	}
	labels := make([]inventory.Label, len(*r.Labels))
	for i, l := range *r.Labels {
		labels[i] = inventory.Label{Name: l.Name, Value: l.Value}
	}
	return labels
}
