package jumpserver

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// A JumpServer on MariaDB, as its installer sets it up, treats two texts that differ by case or accents
// as one name, label or node, answers with the spelling that was there first, and cannot store characters of
// four bytes. JumpServer never says which database it has; UsesUTF8MB3 finds out what matters.

// sameLabels reports whether two sets of labels are the same to JumpServer, in any order and spelling.
func sameLabels(wanted, actual []inventory.Label) bool {
	if len(wanted) != len(actual) {
		return false
	}
	left := slices.Clone(actual)
	for _, w := range wanted {
		at := slices.Index(left, w)
		if at < 0 {
			at = slices.IndexFunc(left, func(l inventory.Label) bool {
				return inventory.MayBeEqual(l.Name, w.Name) && inventory.MayBeEqual(l.Value, w.Value)
			})
		}
		if at < 0 {
			return false
		}
		left = slices.Delete(left, at, at+1)
	}
	return true
}

// samePath reports whether two paths lead to the same node: part by part, in any spelling.
func samePath(x, y string) bool {
	return slices.EqualFunc(strings.Split(x, "/"), strings.Split(y, "/"), inventory.MayBeEqual)
}

// fourByteSign is a character of four bytes. No asset has this name.
const fourByteSign = "\U0001F50D"

// UsesUTF8MB3 reports whether JumpServer's database cannot store characters of four bytes, such as emoji and rare Han:
// MariaDB's utf8, as JumpServer's installer sets it up. It asks at most once an hour: such a database cannot even compare
// a name with such a character and JumpServer answers 500, while it answers a plain name.
func (c *Client) UsesUTF8MB3(ctx context.Context) (bool, error) {
	f, err := c.verifiedFacts(ctx)
	if err != nil {
		return false, err
	}
	if f.utf8mb3 != nil {
		return *f.utf8mb3, nil
	}
	ask := func(name string) error {
		op := "ask whether the database takes every sign"
		path := apiHosts + "?limit=1&fields=id&name=" + url.QueryEscape(name)
		return c.doCall(ctx, apiCall{op: op, method: http.MethodGet, path: path, noRetryOn500: true})
	}
	err = ask(fourByteSign)
	narrow := isServerError(err)
	if narrow {
		err = ask("jms-sync")
	}
	if err != nil {
		return false, err
	}
	c.updateFacts(func(f *facts) { f.utf8mb3 = &narrow })
	return narrow, nil
}

// isServerError reports whether JumpServer answered 500, as it does when its database refuses a write.
func isServerError(err error) bool {
	r := asAPIError(err)
	return r != nil && !r.fromIntermediary && r.status == http.StatusInternalServerError
}

// explainServerError returns why JumpServer answered a write of these texts with a 500, if the cause is
// known and another try would fail too: a character that the database cannot store, or a name that an asset of
// another category has (within a category that is a 400). Otherwise, and where it cannot be found out, it returns nil.
func (c *Client) explainServerError(ctx context.Context, op, id, name string, texts ...string) error {
	if inventory.HasFourByteRunes(append(texts, name)...) {
		if narrow, err := c.UsesUTF8MB3(ctx); err == nil && narrow {
			return newError(inventory.Invalid, "jumpserver: "+op+": JumpServer's database cannot hold signs of four bytes, such as emoji and rare Han", nil)
		}
	}
	if name == "" {
		return nil
	}
	r := &rowConverter{org: c.orgID, operation: "look for the asset named " + quote(name)}
	others, err := readAll(ctx, c, listRequest[otherRow, otherRow]{
		op: r.operation, path: apiAssets, query: orderByName + "fields=id,name,category,org_id&name=" + url.QueryEscape(name), limit: 10,
		id:      func(row otherRow) string { return row.ID },
		convert: func(row *otherRow) (otherRow, error) { return *row, r.validateRow(row.ID, row.OrgID) },
	})
	if err != nil {
		return nil
	}
	for _, o := range others {
		if !strings.EqualFold(o.ID, id) && inventory.MayBeEqual(o.Name, name) {
			return newError(inventory.NameTaken, "jumpserver: "+op+": the name "+quote(name)+" is taken by "+quote(o.Name)+", an asset of another kind", nil)
		}
	}
	return nil
}
