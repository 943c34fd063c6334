package jumpservertest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Account is an account of a host as people and tests see it.
type Account struct {
	Name, Username, SecretType, Secret string
	Template                           string // id; "" = none
}

// AccountsOf returns the accounts of a host, by name.
func (s *Server) AccountsOf(orgID, assetID string) []Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.orgs[orgID].findAsset(assetID)
	if h == nil {
		return nil
	}
	rows := slices.Clone(h.accounts)
	sortByNames(rows)
	var out []Account
	for _, row := range rows {
		out = append(out, Account{textAt(row, "name"), textAt(row, "username"), secretTypeOf(row), textAt(row, "secret"), textAt(row, "source_id")})
	}
	return out
}

// SeedAccount adds an account to a host as a person would, without a template, or of the named template.
func (s *Server) SeedAccount(orgID, assetID string, a Account) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orgs[orgID]
	row := s.newAccount(o, a.Name, a.Username, "Administrator")
	if a.SecretType != "" {
		row["secret_type"] = secretTypeChoice(a.SecretType)
	}
	row["secret"] = a.Secret
	if t := o.findTemplate(a.Template); t != nil {
		row = s.accountOf(o, t, "Administrator")
	}
	h := o.findAsset(assetID)
	h.accounts = append(h.accounts, row)
	return textAt(row, "id")
}

// routeAccounts routes /accounts/accounts/.
func (s *Server) routeAccounts(c *call) reply {
	switch {
	case len(c.parts) == 3 && c.parts[2] == "bulk":
		if c.method != http.MethodPost {
			return s.unknownMethod(c)
		}
		return s.bulkAccounts(c)
	case len(c.parts) == 3:
		return s.routeAccount(c)
	case len(c.parts) > 3:
		return s.unknownPath(c)
	case c.method == http.MethodGet:
		return s.listAccounts(c)
	case c.method == http.MethodPost:
		return s.createAccount(c)
	}
	return s.unknownMethod(c)
}

// listAccounts lists accounts. It takes one asset; a list of them is a crash, or ignored in "assets".
func (s *Server) listAccounts(c *call) reply {
	asked := c.query.Get("asset") + c.query.Get("asset_id")
	crashed := htmlReply(http.StatusInternalServerError)
	if c.query.Has("assets") {
		s.recordUnexpected("accounts of several assets: %s", c.r.URL.RawQuery)
		if !s.options.Version.isSince(V410) {
			return crashed
		}
	}
	switch {
	case asked == "":
	case uuid.Validate(asked) != nil:
		return crashed
	case c.org.findAsset(asked) == nil && s.options.Version.isSince(V410):
		return notFoundReply("Asset")
	}
	below := c.org.nodeByID(c.query.Get("node_id"))
	var rows []map[string]any
	for _, h := range c.org.listAssets() {
		if asked != "" && asked != h.ID || below != nil && !nodeFilter(c.org, below, false)(h) {
			continue
		}
		for _, account := range h.accounts {
			if isAsked(c, account, "source_id") && isAsked(c, account, "username") {
				rows = append(rows, s.showAccount(h, account))
			}
		}
	}
	sortByNames(rows)
	return pageOf(s, c, rows, func(row map[string]any) any { return c.fieldsOf(row) })
}

// isAsked reports whether a row passes the filter on a field.
func isAsked(c *call, row map[string]any, field string) bool {
	asked := c.query.Get(field)
	return asked == "" || textAt(row, field) == asked
}

func (s *Server) showAccount(h *host, account map[string]any) map[string]any {
	row := visible(account)
	asset := map[string]any{}
	for _, name := range []string{"id", "name", "address", "type", "category", "platform", "auto_config"} {
		asset[name] = s.columns[name](h)
	}
	row["asset"] = asset
	return row
}

// accountsInDetail returns the accounts in the detail of a host.
func accountsInDetail(h *host) []any {
	out := []any{}
	for _, account := range h.accounts {
		row := visible(account)
		keepColumns(row, []string{
			"id", "name", "username", "secret_type", "su_from", "version", "source", "source_id", "privileged", "is_active", "date_updated", "comment",
			"ds", "secret_reset", "date_change_secret",
		})
		out = append(out, row)
	}
	return out
}

// findAccount returns an account and its host.
func (o *org) findAccount(id string) (h *host, account map[string]any) {
	for _, h := range o.listAssets() {
		for _, account := range h.accounts {
			if account["id"] == id {
				return h, account
			}
		}
	}
	return nil, nil
}

func (s *Server) routeAccount(c *call) reply {
	h, account := c.org.findAccount(c.parts[2])
	switch {
	case account == nil:
		return notFoundReply("Account")
	case c.method == http.MethodGet:
		return okReply(s.showAccount(h, account))
	case c.method == http.MethodDelete:
		h.accounts = slices.DeleteFunc(h.accounts, func(a map[string]any) bool { return a["id"] == account["id"] })
		return statusReply(http.StatusNoContent)
	case c.method == http.MethodPatch:
		given, _ := c.body.(map[string]any)
		for name, value := range given {
			account[name] = value
		}
		if given["secret"] != nil {
			account["source_id"] = nil
			s.raiseVersion(account)
		}
		return okReply(s.showAccount(h, account))
	}
	return s.unknownMethod(c)
}

func (s *Server) raiseVersion(account map[string]any) {
	number, _ := account["version"].(int)
	account["version"], account["date_updated"] = number+1, s.formatTime(s.options.Now())
}

// createAccount makes one account of a template.
func (s *Server) createAccount(c *call) reply {
	given, _ := c.body.(map[string]any)
	h, t := c.org.findAsset(textAt(given, "asset")), c.org.findTemplate(textAt(given, "template"))
	if h == nil || t == nil {
		s.recordUnexpected("POST accounts/accounts/ without an asset or a template")
		return notFoundReply("Account")
	}
	account := s.accountOf(c.org, t, c.key.title())
	held := h.accountLike(account)
	switch {
	case held != nil && s.options.Version.isSince(V410):
		return badRequestReply(map[string]any{"username": []string{"Account already exists. Field(s): Username, Asset, Secret type must be unique."}})
	case held != nil && given["on_invalid"] == "skip":
		return reply{status: http.StatusCreated, body: s.showAccount(h, held)}
	case held != nil:
		return badRequestReply([]string{"Account already exists"})
	}
	h.accounts = append(h.accounts, account)
	return reply{status: http.StatusCreated, body: s.showAccount(h, account)}
}

// accountLike returns the host's account with the same username and secret type.
func (h *host) accountLike(other map[string]any) map[string]any {
	return accountAmong(h.accounts, other)
}

func accountAmong(accounts []map[string]any, other map[string]any) map[string]any {
	at := slices.IndexFunc(accounts, func(a map[string]any) bool {
		return a["username"] == other["username"] && secretTypeOf(a) == secretTypeOf(other)
	})
	if at < 0 {
		return nil
	}
	return accounts[at]
}

// validateAccounts reads the accounts of a host: the id of a template, or the name of a login. Other fields beside a
// template are ignored.
func (s *Server) validateAccounts(c *call, row map[string]any, f *rowFields) (answer reply, refused bool) {
	raw, given := row["accounts"]
	if !given {
		return reply{}, false
	}
	items, isList := raw.([]any)
	mistakes := []any{}
	for _, item := range items {
		given, isObject := item.(map[string]any)
		isList = isList && isObject
		account := s.newAccount(c.org, given["name"], given["username"], c.key.title())
		if id, byTemplate := given["template"].(string); byTemplate {
			t := c.org.findTemplate(id)
			switch {
			case uuid.Validate(id) != nil:
				return crashReply(), true
			case t == nil:
				return notFoundReply("AccountTemplate"), true
			}
			account = s.accountOf(c.org, t, c.key.title())
		}
		if account["username"] == nil {
			mistakes = append(mistakes, map[string]any{
				"name": []string{"This field may not be null."}, "username": []string{"This field is required."},
			})
		}
		if accountAmong(f.accounts, account) != nil && len(mistakes) == 0 {
			return badRequestReply([]string{"Account already exists"}), true
		}
		f.accounts = append(f.accounts, account)
	}
	switch {
	case !isList:
		return badRequestReply(map[string]any{"accounts": "Invalid data"}), true
	case len(mistakes) > 0:
		return badRequestReply(mistakes), true
	}
	return reply{}, false
}

// refuseListedAccounts returns what versions before v4.10.19 answer to accounts in a list of hosts.
func (s *Server) refuseListedAccounts(rows []any, create bool) (answer reply, refused bool) {
	named := slices.ContainsFunc(rows, func(raw any) bool {
		row, _ := raw.(map[string]any)
		return row["accounts"] != nil
	})
	if !named || s.options.Version.isSince(V41019) {
		return reply{}, false
	}
	if text := strings.Join(accountKeys(rows), ","); create && !strings.Contains(text, "template") {
		return badRequestReply(map[string]any{"asset": "This field is required."}), true
	}
	verdicts := []any{}
	for _, raw := range rows {
		row, _ := raw.(map[string]any)
		switch {
		case row["accounts"] == nil:
			verdicts = append(verdicts, map[string]any{})
		case create:
			verdicts = append(verdicts, map[string]any{"accounts": []any{map[string]any{"username": []string{"This field is required."}}}})
		default:
			verdicts = append(verdicts, map[string]any{"accounts": []any{[]string{"Must be a valid UUID."}}})
		}
	}
	return badRequestReply(verdicts), true
}

// accountKeys returns the names of the fields in the rows' accounts.
func accountKeys(rows []any) []string {
	var keys []string
	for _, raw := range rows {
		row, _ := raw.(map[string]any)
		items, _ := row["accounts"].([]any)
		for _, item := range items {
			account, _ := item.(map[string]any)
			for name := range account {
				keys = append(keys, name)
			}
		}
	}
	return keys
}

// addAccounts adds the accounts of a PATCH or PUT: earlier versions ignore them; since v4.10.19 an account that is there
// gets the template's secret again.
func (s *Server) addAccounts(h *host, accounts []map[string]any) {
	for _, account := range accounts {
		held := h.accountLike(account)
		if held == nil {
			h.accounts = append(h.accounts, account)
			continue
		}
		held["source_id"] = nil
		if held["secret"] != account["secret"] {
			held["secret"] = account["secret"]
			s.raiseVersion(held)
		}
	}
}

// accountOf returns a new account of a template.
func (s *Server) accountOf(o *org, template map[string]any, maker string) map[string]any {
	row := s.newAccount(o, template["name"], template["username"], maker)
	row["secret_type"], row["secret"], row["source"] = template["secret_type"], template["secret"], choiceValue("template")
	row["source_id"], row["privileged"] = template["id"], template["privileged"] == true
	if row["secret_type"] == nil {
		row["secret_type"] = secretTypeChoice("password")
	}
	return row
}

func (s *Server) newAccount(o *org, name, user any, maker string) map[string]any {
	now := s.formatTime(s.options.Now())
	row := map[string]any{
		"id": uuid.NewString(), "name": name, "username": user, "labels": []any{}, "su_from": nil, "org_id": o.id,
		"org_name": o.name, "secret_type": secretTypeChoice("password"), "source": choiceValue("local"),
		"source_id": nil, "connectivity": map[string]any{"value": "-", "label": "Unknown"}, "privileged": false,
		"date_created": now, "date_updated": now, "is_active": true, "created_by": maker, "comment": "",
	}
	if s.options.Version == V47 {
		row["version"], row["spec_info"] = 1, map[string]any{}
		return row
	}
	row["version"], row["secret_reset"] = 0, true
	for _, name := range []string{"ds", "login_by", "change_secret_status", "date_last_login", "date_verified", "date_change_secret"} {
		row[name] = nil
	}
	return row
}
