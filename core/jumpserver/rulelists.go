package jumpserver

import (
	"context"
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// ListZones returns the organisation's gateway zones, without a request while they are known and fresh; denied = the access
// key's user lacks assets.view_zone (view_domain before v4.10). If one of the wanted names or ids is not among them, they
// are read again, unless they are less than a minute old.
func (c *Client) ListZones(ctx context.Context, wanted ...string) (zones []inventory.Zone, denied bool, err error) {
	isCalled := func(z inventory.Zone, name string) bool { return z.Name == name || z.ID == strings.ToLower(name) }
	return readListOnce(ctx, c, &c.zones, wanted, isCalled, c.readZones)
}

func (c *Client) readZones(ctx context.Context) ([]inventory.Zone, error) {
	zones, _, err := c.Zones(ctx)
	return zones, err
}

// ListTemplates returns the account templates like ListZones; denied = the user lacks accounts.view_accounttemplate. A user
// who may make hosts may make accounts of templates all the same, by their ids.
func (c *Client) ListTemplates(ctx context.Context, wanted ...string) (templates []inventory.AccountTemplate, denied bool, err error) {
	isCalled := func(t inventory.AccountTemplate, name string) bool {
		return t.Name == name || t.ID == strings.ToLower(name)
	}
	return readListOnce(ctx, c, &c.templates, wanted, isCalled, c.readTemplates)
}

type templateRow struct {
	ID, Name, Username string
	OrgID              string `json:"org_id"`
	SecretType         choice `json:"secret_type"`
}

// choice is a value that JumpServer shows together with its name for people.
type choice struct{ Value string }

func (c *Client) readTemplates(ctx context.Context) ([]inventory.AccountTemplate, error) {
	if _, err := c.verifiedFacts(ctx); err != nil {
		return nil, err
	}
	r := &rowConverter{org: c.orgID, operation: "list account templates"}
	return readAll(ctx, c, listRequest[inventory.AccountTemplate, templateRow]{
		op: r.operation, path: apiTemplates, query: orderByName + "fields=id,name,username,secret_type,org_id", limit: pageSize,
		id: func(t inventory.AccountTemplate) string { return t.ID },
		convert: func(row *templateRow) (inventory.AccountTemplate, error) {
			return inventory.AccountTemplate{
				ID: strings.ToLower(row.ID), Name: row.Name, Username: row.Username, SecretType: row.SecretType.Value,
			}, r.validateRow(row.ID, row.OrgID)
		},
	})
}

// ListNodes returns all nodes of the organisation, with paths as configurations write them: the root node is /DEFAULT,
// whatever its name. It makes no request if the nodes were read less than a minute ago.
func (c *Client) ListNodes(ctx context.Context) ([]inventory.Node, error) {
	none := func(inventory.Node, string) bool { return false }
	nodes, _, err := readListOnce(ctx, c, &c.nodes, []string{""}, none, c.readNodes)
	return nodes, err
}

func (c *Client) readNodes(ctx context.Context) ([]inventory.Node, error) {
	if _, err := c.verifiedFacts(ctx); err != nil {
		return nil, err
	}
	r := &rowConverter{org: c.orgID, operation: "list nodes"}
	nodes, err := readAll(ctx, c, listRequest[inventory.Node, node]{
		op: r.operation, path: apiNodes, query: "order=key&fields=id,key,value,full_value,org_id", limit: pageSize,
		id: func(n inventory.Node) string { return n.ID },
		convert: func(n *node) (inventory.Node, error) {
			return inventory.Node{ID: strings.ToLower(n.ID), Path: configuredPath(n.Path)}, r.validateRow(n.ID, n.OrgID)
		},
	})
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		if n.Path == rootPrefix {
			return nodes, nil
		}
	}
	root, err := c.findRootNode(ctx) // a fresh server has no nodes until its tree was asked for
	if err != nil {
		return nil, err
	}
	return append(nodes, inventory.Node{ID: strings.ToLower(root.ID), Path: rootPrefix}), nil
}

// configuredPath returns a node's path as configurations write it.
func configuredPath(path string) string {
	below := pathBelowRoot(path)
	if below == "" {
		return rootPrefix
	}
	return rootPrefix + "/" + below
}

// readForRules reads what rules need besides hosts.
func (c *Client) readForRules(ctx context.Context, b *inventory.JumpServerAssets) (err error) {
	if c.needs.Zones {
		b.Zones, b.ZonesDenied, err = readList(ctx, c, &c.zones, c.readZones)
		if err != nil {
			return err
		}
	}
	if c.needs.Templates {
		b.Templates, b.TemplatesDenied, err = readList(ctx, c, &c.templates, c.readTemplates)
		if err != nil {
			return err
		}
	}
	if c.needs.Nodes {
		denied := false
		b.Nodes, denied, err = readList(ctx, c, &c.nodes, c.readNodes)
		if denied {
			err = newError(inventory.Denied, "jumpserver: list nodes: the access key's user lacks the right "+inventory.ViewNodes, nil)
		}
		if err != nil {
			return err
		}
	}
	if c.needs.Accounts {
		c.readAccountsOf(ctx, b)
	}
	return nil
}

// readAccountsOf adds the accounts to the hosts. Accounts are never more important than the rest of a run: an error says
// only that they are unknown.
func (c *Client) readAccountsOf(ctx context.Context, b *inventory.JumpServerAssets) {
	accounts, err := c.readAccounts(ctx, "")
	if err != nil {
		c.log.WarnContext(ctx, "the accounts of hosts cannot be read", "error", err.Error())
		b.AccountsUnread = true
		return
	}
	shared := map[string][]inventory.Account{} // most hosts have the same accounts
	for n := range b.Assets {
		own := accounts[b.Assets[n].ID]
		if len(own) == 0 {
			continue
		}
		text := fmt.Sprintf("%q", own)
		if shared[text] == nil {
			shared[text] = own
		}
		b.Assets[n].Accounts = shared[text]
	}
}

// templateRows returns account templates as a new host names them.
func templateRows(ids []string) []map[string]string {
	rows := make([]map[string]string, 0, len(ids))
	for _, id := range ids {
		rows = append(rows, map[string]string{"template": strings.ToLower(id)})
	}
	return rows
}

// isTemplateGone reports whether JumpServer answers that an account template does not exist. Other answers have the same
// code: only the text says what is missing, by its class name.
func (c *Client) isTemplateGone(err error) bool {
	r := asAPIError(err)
	if r == nil || r.fromIntermediary || !strings.HasPrefix(string(r.keys["detail"]), `"AccountTemplate `) {
		return false
	}
	c.templates.forget()
	return true
}

func templateGoneError(op string, err error) error {
	return newError(inventory.Invalid, "jumpserver: "+op, fmt.Errorf("%w: %w", inventory.ErrTemplateGone, err))
}

// refusesAccounts reports whether a host was refused for its account templates: that answer names no field, or accounts.
func (r *apiError) refusesAccounts(a inventory.NewAsset) bool {
	return len(a.Accounts) > 0 && (r.keys == nil && !r.isEmpty || r.hasKey("accounts"))
}
