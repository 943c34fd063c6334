package jumpservertest

import (
	"maps"
	"net/http"

	"github.com/google/uuid"
)

// routeTemplates routes /accounts/account-templates/. Secrets are not stored.
func (s *Server) routeTemplates(c *call) reply {
	o := c.org
	switch {
	case len(c.parts) > 2:
		return s.unknownPath(c)
	case c.method == http.MethodGet:
		return pageOf(s, c, o.templates, func(row map[string]any) any { return row })
	case c.method != http.MethodPost:
		return s.unknownMethod(c)
	}
	given, _ := c.body.(map[string]any)
	now := s.formatTime(s.options.Now())
	row := map[string]any{
		"id": uuid.NewString(), "name": given["name"], "username": given["username"],
		"secret_type": map[string]any{"value": "password", "label": "Password"}, "labels": []any{},
		"secret_strategy": map[string]any{"value": "specific", "label": "Specific secret"},
		"password_rules": map[string]any{
			"length": 16, "lowercase": true, "uppercase": true, "digit": true, "symbol": true, "exclude_symbols": "",
		},
		"push_params": map[string]any{}, "platforms": []any{}, "su_from": nil, "org_id": o.id, "org_name": o.name,
		"privileged": given["privileged"] == true, "is_active": true, "auto_push": given["auto_push"] == true,
		"date_created": now, "date_updated": now, "created_by": "Administrator", "comment": "",
	}
	if s.options.Version == V47 {
		row["spec_info"] = map[string]any{}
	}
	o.templates = append(o.templates, row)
	return reply{status: http.StatusCreated, body: row}
}

// listAccounts lists accounts, by asset= or asset_id=.
func (s *Server) listAccounts(c *call) reply {
	switch {
	case len(c.parts) > 2:
		return s.unknownPath(c)
	case c.method != http.MethodGet:
		return s.unknownMethod(c)
	}
	asked := c.query.Get("asset") + c.query.Get("asset_id")
	var rows []map[string]any
	for _, h := range c.org.listHosts() {
		for _, account := range h.accounts {
			if asked == "" || asked == h.ID {
				row := maps.Clone(account)
				row["asset"] = s.showAccountAsset(h)
				rows = append(rows, row)
			}
		}
	}
	return pageOf(s, c, rows, func(row map[string]any) any { return row })
}

func (s *Server) showAccountAsset(h *host) map[string]any {
	out := map[string]any{}
	for _, name := range []string{"id", "name", "address", "type", "category", "platform", "auto_config"} {
		out[name] = s.columns[name](h)
	}
	return out
}

// validateAccounts reads the accounts of a host that is to be created: the id of a template, or the name
// of a login.
func (s *Server) validateAccounts(o *org, row map[string]any, f *rowFields) (mistakes []any) {
	items, _ := row["accounts"].([]any)
	for _, item := range items {
		given, _ := item.(map[string]any)
		account := s.newAccount(o, given["name"], given["username"])
		for _, t := range o.templates {
			if t["id"] == given["template"] {
				account["name"], account["username"], account["source"] = t["name"], t["username"], choiceValue("template")
				account["source_id"], account["privileged"] = t["id"], t["privileged"]
			}
		}
		if account["username"] == nil {
			mistakes = append(mistakes, map[string]any{
				"name": []string{"This field may not be null."}, "username": []string{"This field is required."},
			})
		}
		f.accounts = append(f.accounts, account)
	}
	return mistakes
}

func (s *Server) newAccount(o *org, name, user any) map[string]any {
	now := s.formatTime(s.options.Now())
	row := map[string]any{
		"id": uuid.NewString(), "name": name, "username": user, "labels": []any{}, "su_from": nil, "org_id": o.id,
		"org_name": o.name, "secret_type": map[string]any{"value": "password", "label": "Password"}, "source": choiceValue("local"),
		"source_id": nil, "connectivity": map[string]any{"value": "-", "label": "Unknown"}, "privileged": false,
		"date_created": now, "date_updated": now, "is_active": true, "created_by": "Administrator", "comment": "",
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
