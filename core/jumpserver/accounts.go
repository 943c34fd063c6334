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

type accountRow struct {
	ID         string
	Username   string
	SecretType choice `json:"secret_type"`
	SourceID   string `json:"source_id"`
	OrgID      string `json:"org_id"`
	Asset      struct{ ID string }
}

// AccountsOf returns the accounts that hosts have, by the host's id in lower case. It makes one call a host, as JumpServer
// has no filter for several; denied = the access key's user lacks accounts.view_account.
func (c *Client) AccountsOf(ctx context.Context, assetIDs []string) (accounts map[string][]inventory.Account, denied bool, err error) {
	all := map[string][]inventory.Account{}
	for _, id := range dedupe(assetIDs) {
		if !isUUID(id) {
			return nil, false, newInvalidError("read accounts", "the id %s is not a UUID", quote(id))
		}
		of, err := c.readAccounts(ctx, id)
		switch inventory.KindOf(err) {
		case "":
			all[id] = of[id]
		case inventory.Denied:
			return nil, true, nil
		case inventory.NotFound: // v4.10's answer for a host that does not exist
		default:
			return nil, false, err
		}
	}
	return all, false, nil
}

// readAccounts returns the accounts of one host, or of all where the id is "", by the host's id.
func (c *Client) readAccounts(ctx context.Context, assetID string) (map[string][]inventory.Account, error) {
	if _, err := c.verifiedFacts(ctx); err != nil {
		return nil, err
	}
	filter := ""
	if assetID != "" {
		filter = "&asset=" + assetID
	}
	r := &rowConverter{org: c.orgID, operation: "list accounts"}
	rows, err := readAll(ctx, c, listRequest[accountRow, accountRow]{
		op: r.operation, path: apiAccounts, limit: pageSize,
		query: "order=date_created&fields=id,username,secret_type,source_id,asset,org_id" + filter,
		id:    func(row accountRow) string { return row.ID },
		convert: func(row *accountRow) (accountRow, error) {
			err := r.validateRow(row.ID, row.OrgID)
			row.Username, row.SecretType.Value, row.SourceID, row.OrgID = r.intern(row.Username), r.intern(row.SecretType.Value), r.intern(row.SourceID), ""
			return *row, err
		},
	})
	if err != nil {
		return nil, err
	}
	accounts := map[string][]inventory.Account{}
	for _, row := range rows {
		id := strings.ToLower(row.Asset.ID)
		if assetID != "" && id != assetID {
			return nil, newError(inventory.Incomplete, "jumpserver: "+r.operation+": one of "+id+" came, which was not asked for", nil)
		}
		accounts[id] = append(accounts[id], inventory.Account{Username: row.Username, SecretType: row.SecretType.Value, TemplateID: strings.ToLower(row.SourceID)})
	}
	return accounts, nil
}

// AttachAccounts makes accounts of templates on hosts that exist, in lists of hosts for each template. An account of that
// username and secret type that is there is never touched. The answer has one entry for each: nil if the host has such an
// account now. It needs accounts.add_account.
//
// The error is inventory.ErrTemplateGone where the template does not exist, NotFound where the host does not, Invalid where
// the host's platform does not know the secret type. Unanswered means that the account may have been made, or still be;
// asking again does no harm.
func (c *Client) AttachAccounts(ctx context.Context, accounts []inventory.NewAccount) []error {
	a := &attachment{c: c, accounts: accounts, errs: make([]error, len(accounts)), names: map[string]string{}}
	var templates []string
	rows := map[string][]int{}
	for n, account := range accounts {
		a.errs[n] = validateAccount(account)
		if a.errs[n] != nil {
			continue
		}
		template := strings.ToLower(account.TemplateID)
		if rows[template] == nil {
			templates = append(templates, template)
		}
		rows[template] = append(rows[template], n)
	}
	for _, template := range templates {
		a.attach(ctx, template, rows[template])
	}
	return a.errs
}

func validateAccount(a inventory.NewAccount) error {
	for _, id := range []string{a.AssetID, a.TemplateID} {
		if !isUUID(id) {
			return newInvalidError("make account", "the id %s is not a UUID", quote(id))
		}
	}
	return nil
}

// attachment is one call of AttachAccounts.
type attachment struct {
	c         *Client
	accounts  []inventory.NewAccount
	errs      []error
	names     map[string]string // by asset id: how answers call it
	stopCause error             // why nothing more is sent
}

// attach makes the accounts of one template.
func (a *attachment) attach(ctx context.Context, template string, rows []int) {
	if len(rows) > 1 && a.stopCause == nil {
		a.stopCause = a.learnNames(ctx, rows)
	}
	for len(rows) > 0 {
		n := min(len(rows), a.c.batchSizeOf(ctx, attachments))
		a.send(ctx, template, rows[:n])
		rows = rows[n:]
	}
}

// learnNames reads how answers call the hosts of several rows: by name and address, not by id.
func (a *attachment) learnNames(ctx context.Context, rows []int) error {
	var unknown []string
	for _, n := range rows {
		if id := a.assetID(n); a.names[id] == "" {
			unknown = append(unknown, id)
		}
	}
	found, err := a.c.AssetsByID(ctx, unknown)
	for _, h := range found {
		a.names[h.ID] = h.Name + "(" + h.Address + ")"
	}
	return err
}

func (a *attachment) assetID(n int) string { return strings.ToLower(a.accounts[n].AssetID) }

// bulkRow is the outcome for one host. Account is the template's name, "" if there is no such template; v4.7.0 has none.
type bulkRow struct {
	Asset   string
	Account *string
	State   string
	Error   json.RawMessage
}

// send makes one request, in halves where a list is refused for one of its hosts.
func (a *attachment) send(ctx context.Context, template string, rows []int) {
	if a.stopCause != nil {
		a.fail(rows, a.stopCause)
		return
	}
	got, err := a.post(ctx, template, rows)
	r := asBadRequest(err)
	switch {
	case err == nil:
		a.match(ctx, template, rows, got)
	case r != nil && r.hasKey("template"):
		a.c.templates.forget()
		a.fail(rows, templateGoneError("make accounts", err))
	case r != nil && len(rows) > 1:
		a.send(ctx, template, rows[:len(rows)/2])
		a.send(ctx, template, rows[len(rows)/2:])
	case r != nil && (r.hasKey("assets") || r.hasKey("detail")): // v4.7.0, v4.10: no such host
		a.fail(rows, newError(inventory.NotFound, "jumpserver: make account: there is no host "+a.assetID(rows[0]), err))
	default:
		a.stopCause = a.stopAfter(err)
		a.fail(rows, err)
	}
}

// stopAfter returns the error if it would be that of all further requests, too.
func (a *attachment) stopAfter(err error) error {
	switch inventory.KindOf(err) {
	case inventory.BadCredentials, inventory.Denied, inventory.Throttled, inventory.Deadline, inventory.Organisation:
		return err
	case inventory.Unanswered:
		return unsentError(err)
	}
	return nil
}

func (a *attachment) fail(rows []int, err error) {
	for _, n := range rows {
		a.errs[n] = err
	}
}

func (a *attachment) post(ctx context.Context, template string, rows []int) (got []bulkRow, err error) {
	if _, err := a.c.verifiedFacts(ctx); err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(rows))
	for _, n := range rows {
		ids = append(ids, a.assetID(n))
	}
	err = a.c.doCall(ctx, apiCall{
		op: fmt.Sprintf("make accounts on %d hosts", len(ids)), method: http.MethodPost, path: apiBulk,
		body: map[string]any{"assets": dedupe(ids), "template": template, "on_invalid": "skip"},
		size: writeSize{attachments, len(ids)}, read: decodeInto(&got),
	})
	return got, err
}

// match finds each host's row in an answer. A host that is not found there (somebody renamed it, or it was left out
// because it does not exist) is sent by itself: that answer has one row.
func (a *attachment) match(ctx context.Context, template string, rows []int, got []bulkRow) {
	if len(rows) == 1 && len(got) <= 1 {
		a.errs[rows[0]] = newError(inventory.NotFound, "jumpserver: make account: there is no host "+a.assetID(rows[0]), nil)
		if len(got) == 1 {
			a.errs[rows[0]] = a.outcome(rows[0], got[0])
		}
		return
	}
	for _, n := range rows {
		name := a.names[a.assetID(n)]
		at := slices.IndexFunc(got, func(row bulkRow) bool { return row.Asset == name })
		switch {
		case at >= 0 && name != "":
			a.errs[n] = a.outcome(n, got[at])
		case len(rows) > 1:
			a.send(ctx, template, []int{n})
		default:
			a.errs[n] = newError(inventory.Incomplete, "jumpserver: make account: the answer does not say what became of "+a.assetID(n), nil)
		}
	}
}

// errAccountRefused is the cause where JumpServer makes no account on a host.
var errAccountRefused = errors.New("JumpServer makes no such account there")

func (a *attachment) outcome(n int, row bulkRow) error {
	switch {
	case slices.Contains([]string{"created", "skipped"}, row.State):
		return nil
	case row.Account != nil && *row.Account == "":
		a.c.templates.forget()
		return templateGoneError("make account on "+a.assetID(n), errAccountRefused)
	}
	text := strings.Trim(string(row.Error), `"`)
	return newError(inventory.Invalid, "jumpserver: make account on "+a.assetID(n)+": "+truncate(a.c.scrub(text)), errAccountRefused)
}
