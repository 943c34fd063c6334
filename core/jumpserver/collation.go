package jumpserver

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// A JumpServer on MariaDB, as its installer ships it, takes two texts that differ by case or accents
// for one name, label or node, answers with the spelling that was there first, and has no room for signs of
// four bytes. Which database it has is never told, and one request tells what must be known.

// sameLabels reports whether JumpServer holds these labels, in whatever order and spelling.
func sameLabels(wanted, kept []inventory.Label) bool {
	if len(wanted) != len(kept) {
		return false
	}
	left := slices.Clone(kept)
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

// samePath reports whether two paths are one node's, part by part, in whatever spelling.
func samePath(x, y string) bool {
	return slices.EqualFunc(strings.Split(x, "/"), strings.Split(y, "/"), inventory.MayBeEqual)
}

// fourByteSign is a sign of four bytes: no asset has the name.
const fourByteSign = "\U0001F50D"

// UsesUTF8MB3 reports whether JumpServer's database cannot hold signs of four bytes, such as emoji and rare Han:
// MariaDB's utf8 as JumpServer's installer ships it. It is found out by a question, once an hour at most: a name with such
// a sign cannot even be compared there, and is answered by a 500, where one without is answered well.
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

// isServerError reports whether JumpServer answered 500, as it does where its database refuses a write.
func isServerError(err error) bool {
	r := asAPIError(err)
	return r != nil && !r.fromIntermediary && r.status == http.StatusInternalServerError
}

// explainServerError returns the error of a write of these texts that JumpServer answered with a 500, if its cause
// is known and another try would end as the first one: a sign that the database cannot hold, or a name that an asset of
// another kind has (of the same kind it is a 400). Else nil, also where it cannot be found out.
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
