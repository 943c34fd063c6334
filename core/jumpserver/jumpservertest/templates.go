package jumpservertest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// AccountTemplate is an account template as people and tests see it.
type AccountTemplate struct {
	ID, Name, Username string
	SecretType         string // "" = "password"
	Secret             string
	Privileged         bool
}

// SeedTemplate adds an account template to an organisation and returns its id.
func (s *Server) SeedTemplate(orgID string, t AccountTemplate) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.newTemplate(s.orgs[orgID], map[string]any{"name": t.Name, "username": t.Username, "secret_type": t.SecretType, "secret": t.Secret, "privileged": t.Privileged})
	if t.ID != "" {
		row["id"] = t.ID
	}
	return textAt(row, "id")
}

// DeleteTemplate deletes an account template as a person would. Its accounts stay.
func (s *Server) DeleteTemplate(orgID, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orgs[orgID]
	o.templates = slices.DeleteFunc(o.templates, func(t map[string]any) bool { return t["id"] == id })
}

func (o *org) findTemplate(id string) map[string]any {
	at := slices.IndexFunc(o.templates, func(t map[string]any) bool { return t["id"] == strings.ToLower(id) })
	if at < 0 {
		return nil
	}
	return o.templates[at]
}

// secretTypeChoice returns a secret type as rows show it.
func secretTypeChoice(value string) map[string]any {
	labels := map[string]string{"password": "Password", "ssh_key": "SSH key", "access_key": "Access key", "token": "Token", "api_key": "API key"}
	return map[string]any{"value": value, "label": labels[value]}
}

func secretTypeOf(row map[string]any) string {
	choice, _ := row["secret_type"].(map[string]any)
	if choice == nil {
		return "password"
	}
	return textAt(choice, "value")
}

// visible returns a template or an account without what answers never show.
func visible(row map[string]any) map[string]any {
	shown := make(map[string]any, len(row))
	for name, value := range row {
		if name != "secret" {
			shown[name] = value
		}
	}
	return shown
}

// routeTemplates routes /accounts/account-templates/. Answers have no secrets.
func (s *Server) routeTemplates(c *call) reply {
	switch {
	case len(c.parts) > 2:
		return s.routeTemplate(c, c.org.findTemplate(c.parts[2]))
	case c.method == http.MethodGet:
		return s.listTemplates(c)
	case c.method != http.MethodPost:
		return s.unknownMethod(c)
	}
	given, _ := c.body.(map[string]any)
	if answer, refused := c.org.refuseTemplate(given); refused {
		return answer
	}
	row := s.newTemplate(c.org, given)
	row["created_by"] = c.key.title()
	return reply{status: http.StatusCreated, body: visible(row)}
}

func (s *Server) routeTemplate(c *call, row map[string]any) reply {
	switch {
	case row == nil:
		return notFoundReply("AccountTemplate")
	case len(c.parts) == 4 && c.parts[3] == "sync-related-accounts" && c.method == http.MethodPatch:
		return okReply(map[string]any{"task": uuid.NewString()})
	case len(c.parts) > 3:
		return s.unknownPath(c)
	case c.method == http.MethodGet:
		shown := visible(row)
		shown["spec_info"] = map[string]any{}
		return okReply(shown)
	case c.method == http.MethodDelete:
		c.org.templates = slices.DeleteFunc(c.org.templates, func(t map[string]any) bool { return t["id"] == row["id"] })
		return statusReply(http.StatusNoContent)
	case c.method == http.MethodPatch: // a new secret does not reach the accounts
		given, _ := c.body.(map[string]any)
		for name, value := range given {
			row[name] = value
		}
		return okReply(visible(row))
	}
	return s.unknownMethod(c)
}

func (s *Server) listTemplates(c *call) reply {
	var rows []map[string]any
	for _, t := range c.org.templates {
		keep := c.org.db.containsText(textAt(t, "name")+"\n"+textAt(t, "username"), c.query.Get("search"))
		for _, field := range []string{"name", "username"} {
			asked := c.query.Get(field)
			keep = keep && (asked == "" || c.org.db.SameText(textAt(t, field), asked))
		}
		if keep {
			rows = append(rows, t)
		}
	}
	sortByNames(rows)
	return pageOf(s, c, rows, func(row map[string]any) any { return c.fieldsOf(visible(row)) })
}

// sortByNames sorts templates or accounts as the server lists them.
func sortByNames(rows []map[string]any) {
	slices.SortStableFunc(rows, func(x, y map[string]any) int { return strings.Compare(textAt(x, "name"), textAt(y, "name")) })
}

// fieldsOf returns a row with the fields that the request selects.
func (c *call) fieldsOf(row map[string]any) map[string]any {
	if fields := c.query.Get("fields"); fields != "" {
		keepColumns(row, strings.Split(fields, ","))
	}
	return row
}

// refuseTemplate returns the answer to a template that is refused.
func (o *org) refuseTemplate(given map[string]any) (answer reply, refused bool) {
	name := textAt(given, "name")
	isTaken := slices.ContainsFunc(o.templates, func(t map[string]any) bool { return o.db.SameText(textAt(t, "name"), name) })
	secret := textAt(given, "secret")
	switch {
	case name == "":
		return badRequestReply(map[string]any{"name": []string{"This field is required."}}), true
	case isTaken:
		return badRequestReply(map[string]any{"name": []string{"This field must be unique."}}), true
	case given["secret_type"] == "ssh_key" && secret != "FAKEKEY" && !strings.HasPrefix(secret, "-----BEGIN"):
		return badRequestReply([]string{"private key invalid or passphrase error"}), true
	}
	return reply{}, false
}

func (s *Server) newTemplate(o *org, given map[string]any) map[string]any {
	now := s.formatTime(s.options.Now())
	secretType, strategy := textAt(given, "secret_type"), map[string]any{"value": "specific", "label": "Specific secret"}
	if secretType == "" {
		secretType = "password"
	}
	if given["secret_strategy"] == "random" {
		strategy = map[string]any{"value": "random", "label": "Random generate"}
	}
	row := map[string]any{
		"id": uuid.NewString(), "name": given["name"], "username": textAt(given, "username"), "secret": textAt(given, "secret"),
		"secret_type": secretTypeChoice(secretType), "labels": []any{}, "secret_strategy": strategy,
		"password_rules": map[string]any{
			"length": 16, "lowercase": true, "uppercase": true, "digit": true, "symbol": true, "exclude_symbols": "",
		},
		"push_params": map[string]any{}, "platforms": []any{}, "su_from": nil, "org_id": o.id, "org_name": o.name,
		"privileged": given["privileged"] == true, "is_active": true, "auto_push": given["auto_push"] == true,
		"date_created": now, "date_updated": now, "created_by": "Administrator", "comment": textAt(given, "comment"),
	}
	if s.options.Version == V47 {
		row["spec_info"] = map[string]any{}
	}
	o.templates = append(o.templates, row)
	return row
}
