package jumpserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Update makes these changes, in lists of at most BatchSize rows; the answer has one entry for
// each, nil where the host now is as asked. No row names protocols: every list form
// of JumpServer loses them. A list is all or nothing there, so a refused one is cut in halves, in
// order, down to single rows: one bad row never stops the others.
//
// A host that is gone is NotFound, a name that is taken NameTaken, a value that is refused, a
// row that JumpServer left out of its answer, or a field that it kept as it was is Invalid. Where nothing
// more can succeed (credentials, rights, time, too many requests), all the rest fails with that
// error without further calls.
//
// Rows are sent in the given order, but JumpServer checks the names of a list against what
// was there before: hosts that pass a name on must be ordered so that it is free when taken.
func (c *Client) Update(ctx context.Context, patches []inventory.Patch) []error {
	errs := make([]error, len(patches))
	u := &update{c: c, patches: patches, errs: errs}
	var rows []int
	taken := map[string]bool{}
	for i, p := range patches {
		if errs[i] = checkPatch(p); errs[i] != nil || empty(p) {
			continue
		}
		id := strings.ToLower(p.ID)
		if len(rows) >= c.listRows() || taken[id] { // two rows of one host never meet in one list
			u.send(ctx, rows)
			rows = nil
			clear(taken)
		}
		rows = append(rows, i)
		taken[id] = true
	}
	u.send(ctx, rows)
	return errs
}

// update is one call of Update.
type update struct {
	c       *Client
	patches []inventory.Patch
	errs    []error
	stopped error // why nothing more is sent
	failed  int   // weighs the failures since the last success, see judge
}

// send sends these rows, in halves where they are refused together.
func (u *update) send(ctx context.Context, rows []int) {
	if len(rows) == 0 {
		return
	}
	err := u.stopped
	if err == nil {
		err = u.patch(ctx, rows)
		u.judge(err, len(rows))
		u.c.refusedList(err, len(rows))
	}
	if err == nil {
		return
	}
	if r := refused(err); u.stopped != nil || len(rows) == 1 || r == nil || r.status > http.StatusInternalServerError {
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

// listRows is how many rows one list may have.
func (c *Client) listRows() int {
	if most := int(c.most.Load()); most > 0 {
		return min(c.batch, most)
	}
	return c.batch
}

// refusedList remembers that a list was too large for something in front of JumpServer, so that the next
// ones are shorter.
func (c *Client) refusedList(err error, rows int) {
	if inventory.AdviceOf(err) == inventory.TooLarge && rows > 1 {
		c.most.Store(int64(rows / 2))
	}
}

// judge decides whether an error ends the whole update. A server that cannot be reached twice in
// a row, or fails at six single rows in a row, each time after several tries, is left alone. So is something in
// front of it that refuses six single rows in a row, or everything.
func (u *update) judge(err error, rows int) {
	switch inventory.KindOf(err) {
	case inventory.BadCredentials, inventory.Denied, inventory.Throttled, inventory.Deadline, inventory.Organisation:
		u.stopped = err
	case inventory.Temporary, inventory.Front:
		switch r := refused(err); {
		case inventory.Hopeless(err):
			u.stopped = err
		case inventory.Passing(err) && (r == nil || r.status != http.StatusInternalServerError):
			u.failed += 3
		case rows == 1:
			u.failed++ // a list is answered so for one bad row
		}
		if u.failed >= 6 {
			u.stopped = err
		}
	case "":
		u.failed = 0
	}
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
	err = u.c.do(ctx, call{op: op, method: http.MethodPatch, path: apiHosts, body: body, hasty: true, read: func(d *json.Decoder) error {
		got = make(map[string]*hostRow, len(rows))
		err := decodeRows(d, func(row *hostRow) error {
			got[strings.ToLower(row.ID)] = row
			return nil
		})
		if errors.Is(err, errPage) && len(got) == 0 {
			return errForeign // no list
		}
		return err
	}})
	if err != nil {
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

// one sends a row alone, by the host's own path.
func (u *update) one(ctx context.Context, zone string, i int) error {
	p := u.patches[i]
	op := "update host " + p.ID
	name := ""
	if p.Name != nil {
		name = *p.Name
	}
	var row hostRow
	err := u.c.do(ctx, call{op: op, method: http.MethodPatch, path: apiHosts + strings.ToLower(p.ID) + "/", body: u.c.patchBody(zone, p), read: decode(&row, "id"),
		crashed: func(ctx context.Context) error { return u.c.whyCrashed(ctx, op, p.ID, name, labelTexts(p.Labels)...) }})
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
	return p.Name == nil && p.Address == nil && p.Zone == nil && p.Active == nil && p.Labels == nil
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
