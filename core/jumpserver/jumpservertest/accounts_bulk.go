package jumpservertest

import (
	"net/http"
	"slices"
)

// bulkAccounts makes accounts on many hosts. The answer names the hosts by name and address, in no order.
func (s *Server) bulkAccounts(c *call) reply {
	given, _ := c.body.(map[string]any)
	if given["on_invalid"] != "skip" {
		s.recordUnexpected("accounts/bulk with on_invalid %v touches accounts that are there, or fails", given["on_invalid"])
	}
	hosts, answer, refused := s.bulkHosts(c, given)
	if refused {
		return answer
	}
	accounts, answer, refused := s.bulkTemplates(c, given)
	if refused {
		return answer
	}
	late := s.options.Version.isSince(V410)
	var first, rest []any
	failed := false
	for _, h := range slices.Backward(hosts) {
		for _, account := range accounts {
			row := s.bulkAccount(h, account, given["on_invalid"])
			row["asset"] = h.Name + "(" + h.Address + ")"
			failed = failed || row["error"] == "Account already exists"
			if late {
				row["account"] = textAt(account, "name")
			}
			if row["state"] == "skipped" {
				first = append(first, row)
				continue
			}
			rest = append(rest, row)
		}
	}
	rows := append(append([]any{}, first...), rest...)
	if failed && !late {
		return badRequestReply(rows)
	}
	return okReply(rows)
}

// bulkHosts returns the hosts of a request.
func (s *Server) bulkHosts(c *call, given map[string]any) (hosts []*host, answer reply, refused bool) {
	late := s.options.Version.isSince(V410)
	ids, named := given["assets"].([]any)
	if nodes, byNode := given["nodes"].([]any); byNode {
		s.recordUnexpected("accounts/bulk by nodes")
		for _, n := range nodes {
			id, _ := n.(string)
			for _, h := range c.org.listHosts() {
				if at := c.org.nodeByID(id); late && at != nil && nodeFilter(c.org, at, false)(h) {
					hosts = append(hosts, h)
				}
			}
		}
	}
	if !named && !late {
		return nil, badRequestReply(map[string]any{"assets": []string{"This field is required."}}), true
	}
	for _, raw := range ids {
		id, _ := raw.(string)
		h := c.org.findAsset(id)
		switch {
		case h != nil:
			hosts = append(hosts, h)
		case !late:
			return nil, badRequestReply(map[string]any{"assets": []string{`Invalid pk "` + id + `" - object does not exist.`}}), true
		}
	}
	if len(hosts) == 0 && late {
		return nil, detailReply(http.StatusBadRequest, "No valid assets found for account creation.", "no_valid_assets"), true
	}
	return hosts, reply{}, false
}

// bulkTemplates returns the accounts that a request wants on each host; nil among them is one of an unknown template.
func (s *Server) bulkTemplates(c *call, given map[string]any) (accounts []map[string]any, answer reply, refused bool) {
	raw, byTemplate := given["template"]
	late := s.options.Version.isSince(V410)
	if !byTemplate {
		account := s.newAccount(c.org, given["username"], given["username"], c.key.title())
		account["secret_type"], account["secret"] = secretTypeChoice(textAt(given, "secret_type")), given["secret"]
		return []map[string]any{account}, reply{}, false
	}
	list, isList := raw.([]any)
	if isList && !late {
		return nil, crashReply(), true
	}
	if !isList {
		list = []any{raw}
	}
	for _, one := range list {
		id, _ := one.(string)
		t := c.org.findTemplate(id)
		switch {
		case t != nil:
			accounts = append(accounts, s.accountOf(c.org, t, c.key.title()))
		case late:
			accounts = append(accounts, nil)
		default:
			return nil, badRequestReply(map[string]any{"template": "Template not found"}), true
		}
	}
	return accounts, reply{}, false
}

// bulkAccount makes one account on a host.
func (s *Server) bulkAccount(h *host, account map[string]any, onInvalid any) map[string]any {
	held := h.accountLike(account)
	switch {
	case account == nil:
		return map[string]any{"state": "error", "error": "Template not found"}
	case !takesSecret(h.Protocols, secretTypeOf(account)):
		return map[string]any{"state": "error", "error": "Asset does not support this secret type: " + secretTypeOf(account)}
	case held == nil:
		own := visible(account)
		own["secret"], own["id"] = account["secret"], labelID(h.ID+textAt(account, "id"))
		h.accounts = append(h.accounts, own)
		return map[string]any{"state": "created", "changed": true}
	case onInvalid == "skip", onInvalid == "update" && !s.options.Version.isSince(V410) && held["secret"] == account["secret"]:
		return map[string]any{"state": "skipped", "changed": false}
	case onInvalid == "update":
		held["secret"] = account["secret"]
		s.raiseVersion(held)
		return map[string]any{"state": "updated", "changed": true}
	}
	return map[string]any{"state": "error", "error": "Account already exists"}
}

// takesSecret reports whether one of the protocols knows a secret type.
func takesSecret(protocols []Protocol, secretType string) bool {
	return slices.ContainsFunc(protocols, func(p Protocol) bool {
		return secretType == "password" || secretType == "ssh_key" && (p.Name == "ssh" || p.Name == "sftp")
	})
}
